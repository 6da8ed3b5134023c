/** The page: theme around shell. */
import { MantineProvider, localStorageColorSchemeManager } from "@mantine/core";
import { Shell } from "./shell/Shell.tsx";
import { cssVariables, theme } from "./theme.ts";

const colorSchemeManager = localStorageColorSchemeManager({ key: "graft-colour-scheme" });

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto" colorSchemeManager={colorSchemeManager}>
      <Shell />
    </MantineProvider>
  );
}
