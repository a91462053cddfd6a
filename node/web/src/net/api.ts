// The node's `/api`: JSON in, JSON out, refusals as errors that carry the node's own words.

/** What the node says no to. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

export const UNREACHABLE = "unreachable";

/** Ask the node; rejects with an `ApiError`, whose code is `unreachable` when there is no answer at all. */
export async function api<T>(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<T> {
  const response = await request(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

/** Send a request whose body streams; rejects as `api` does. */
export async function request(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, "the node does not answer", UNREACHABLE);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response: Response): Promise<ApiError> {
  const said = (await response.json().catch(() => ({}))) as { error?: string; code?: string };
  return new ApiError(response.status, said.error ?? `the node answered ${response.status}`, said.code ?? "failed");
}
