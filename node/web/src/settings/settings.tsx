// The settings pane: every setting in its group with a fitting control, found by words, opened at a key.

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { KeyList } from "../commands/key_list";
import { SHARES, SharesSection, isAbout } from "../links/section";
import type { PaneProps } from "../panes/registry";
import { Icon } from "../shell/icons";
import { type Group, type Setting, grouped } from "./groups";
import { MODEL_KEYS, ModelEditor } from "./model_editor";
import { ModePicker } from "./mode_picker";
import { PermissionRules } from "./permissions";
import { SettingRow, idOf } from "./row";
import { LISTS, keyOf } from "./rules";
import { failure, load, settings, watchSettings } from "./store";
import { bringIntoView } from "./view";
import "./settings.css";

const query = signal("");
/** The rules stand behind it: it is what they differ from. */
const MODE = "agent.permissions.mode";
const RULE_KEYS = new Set<string>(LISTS.map(keyOf));

export function SettingsPane({ params }: PaneProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(watchSettings, []);
  useEffect(() => {
    if (params["key"]) query.value = "";
  }, [params["key"]]);
  const all = settings.value;
  const groups = grouped(all ?? [], query.value.trim());
  const hasShares = isAbout(query.value.trim());
  const jump = (id: string) => bringIntoView(box.current?.querySelector(`#settings-${id}`), "top");
  return (
    <div class="settings" ref={box}>
      <h2 class="visually-hidden">Settings</h2>
      <header>
        <label class="settings-search">
          <Icon name="search" />
          <span class="visually-hidden">Find a setting</span>
          <input data-autofocus type="search" placeholder="Find a setting" autocomplete="off" spellcheck={false} value={query.value} onInput={(event) => (query.value = event.currentTarget.value)} />
        </label>
        <nav aria-label="Groups of settings">
          {groups.map(({ id, title }) => (
            <button key={id} type="button" class="plain" onClick={() => jump(id)}>{title}</button>
          ))}
          {hasShares && <button type="button" class="plain" onClick={() => jump(SHARES)}>Shares</button>}
        </nav>
      </header>
      <div class="settings-list" role="region" aria-label="Settings" tabIndex={0}>
        {failure.value && (
          <p class="problem" role="alert">
            The settings cannot be read: {failure.value} <button type="button" onClick={() => void load()}>Try again</button>
          </p>
        )}
        {all === null && !failure.value && <p>Reading…</p>}
        {all !== null && groups.length === 0 && !hasShares && <p role="status">No setting fits “{query.value.trim()}”.</p>}
        {groups.map((group) => (
          <GroupView key={group.id} group={group} wanted={params["key"]} />
        ))}
        {hasShares && <SharesSection isWanted={params["key"] === SHARES} />}
      </div>
    </div>
  );
}

function GroupView({ group: { id, title, settings }, wanted }: { group: Group; wanted: string | undefined }) {
  const hasRules = settings.some(({ key }) => RULE_KEYS.has(key));
  const rows = settings.filter(({ key }) => !RULE_KEYS.has(key));
  const row = (setting: Setting) => (
    <SettingRow key={setting.key} setting={setting} isWanted={wanted === setting.key}>
      {controlOf(setting)}
    </SettingRow>
  );
  return (
    <section id={`settings-${id}`} aria-labelledby={`settings-${id}-title`}>
      <h3 id={`settings-${id}-title`}>{title}</h3>
      {rows.filter(({ key }) => key === MODE).map(row)}
      {hasRules && <PermissionRules wanted={wanted} />}
      {rows.filter(({ key }) => key !== MODE).map(row)}
    </section>
  );
}

/** Return the control of the settings that have one of their own. */
function controlOf(setting: Setting) {
  if (MODEL_KEYS.has(setting.key)) return <ModelEditor setting={setting} id={idOf(setting.key)} />;
  if (setting.key === MODE) return <ModePicker setting={setting} id={idOf(setting.key)} />;
  if (setting.key === "ui.keys") return <KeyList id={idOf(setting.key)} />;
  return null;
}
