export {
  type SettingName,
  type SettingRow,
  type Settings,
  settings,
  SettingsError,
  settingsMarkdown,
  settingsTable,
} from "./settings";
