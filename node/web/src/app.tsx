// The whole cockpit.

export function App() {
  return (
    <main>
      <h1>Palaver</h1>
    </main>
  );
}
