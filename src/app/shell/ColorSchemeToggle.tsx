/** Automatic, light or dark: one button that goes through the three and is remembered in this browser. */
import { ActionIcon, Tooltip, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconMoon, IconSun } from "@tabler/icons-react";

const schemes: Record<MantineColorScheme, { readonly name: string; readonly next: MantineColorScheme; readonly Icon: typeof IconSun }> = {
  auto: { name: "as the system", next: "light", Icon: IconDeviceDesktop },
  light: { name: "light", next: "dark", Icon: IconSun },
  dark: { name: "dark", next: "auto", Icon: IconMoon },
};

export function ColorSchemeToggle() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { name, next, Icon } = schemes[colorScheme];
  const label = `Colours: ${name}. Change to ${schemes[next].name}`;
  return (
    <Tooltip label={`Colours: ${name}`}>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} onClick={() => setColorScheme(next)}>
        <Icon size={18} stroke={1.75} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
