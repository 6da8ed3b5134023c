/** A panel of settings under one heading. Not a landmark: its heading often has the name of a field in it. */
import type { ReactNode } from "react";
import { Panel } from "../primitives/Panel.tsx";
import { SectionTitle } from "../primitives/SectionTitle.tsx";
import classes from "./settings.module.css";

interface SettingsPanelProps {
  readonly title: string;
  readonly help?: string;
  /** SettingFields. */
  readonly children: ReactNode;
  /** What the settings amount to, below them. */
  readonly below?: ReactNode;
}

export function SettingsPanel({ title, help, children, below }: SettingsPanelProps) {
  return (
    <Panel>
      <SectionTitle help={help}>{title}</SectionTitle>
      <div className={classes.fields}>{children}</div>
      {below}
    </Panel>
  );
}
