/**
 * The look, in one place. Graft is a quiet studio: paper, ink, one botanical green. The rules every screen keeps:
 *
 * 1. Colours come from the `--g-*` tokens below or from Mantine's theme, never as literals in components; both schemes
 *    are defined here and meet WCAG AA on `--g-canvas`, `--g-surface` and `--g-sunken`.
 * 2. Green (`--g-accent`) means "learns", "chosen" or "next". One filled button a screen: the next thing to do.
 *    Everything else is `variant="default"` or `"subtle"`. Red and amber are for Sentence and for what went wrong.
 * 3. Borders, not shadows: `1px solid var(--g-line)`. Panels do not nest; inside one, separate with space or a line.
 * 4. Space in steps of 4 px; `--g-gap` (24 px, 16 px when narrow) between panels, 4 px between a label and its help.
 * 5. Type: 26/600 for the step's h1, 15/600 for section titles, 14 for text, 12.5 for help and labels. Numbers are
 *    tabular (`.g-number`), paths and code `.g-mono`. Sentence case everywhere, no capitals, no exclamation marks.
 * 6. Every control has a visible label and one line that says what it does (FieldRow). An error is a Sentence with what
 *    to do next; an empty place is an EmptyState that says how it fills.
 * 7. Wide is 1440 px (rail and one column of at most 1080 px), narrow is 420 px; the only break is at 860 px
 *    (`--mantine-breakpoint-sm` is not used). Nothing scrolls sideways but tables, in their own focusable region.
 * 8. Motion is 120 ms and only for state; `prefers-reduced-motion` ends it (global.css).
 * 9. Charts: `--g-series-1` is always what the model is trained on, `--g-series-2` validation, `--g-series-3` test.
 */
import { createTheme, defaultVariantColorsResolver, type CSSVariablesResolver, type MantineColorsTuple, type VariantColorsResolver } from "@mantine/core";

const green: MantineColorsTuple = ["#eef6f0", "#dcebe1", "#b9d8c4", "#8fc2a3", "#62bd8a", "#3c9a68", "#2a8055", "#1f6b45", "#195638", "#12412a"];
const gray: MantineColorsTuple = ["#f7f8f5", "#f0f2ed", "#e3e6df", "#d5d9d0", "#c4cabf", "#a3aa9f", "#626a61", "#4a5249", "#2e342e", "#171b17"];
const dark: MantineColorsTuple = ["#e9ede8", "#aeb7ad", "#8f998e", "#5d665e", "#3b433c", "#2a302b", "#1c211d", "#151916", "#0f1210", "#090b0a"];

const sans = '-apple-system, BlinkMacSystemFont, "Segoe UI Variable Text", "Segoe UI", Roboto, Ubuntu, Cantarell, "Noto Sans", "Helvetica Neue", Arial, sans-serif';
const mono = 'ui-monospace, SFMono-Regular, "Cascadia Code", Menlo, Consolas, "Liberation Mono", monospace';

/** Mantine computes the text colour on a filled control from the light scheme's green only; ours is right in both. */
const variantColorResolver: VariantColorsResolver = (input) => {
  const colors = defaultVariantColorsResolver(input);
  const accent = input.color === undefined || input.color === input.theme.primaryColor;
  return input.variant === "filled" && accent ? { ...colors, color: "var(--g-on-accent)" } : colors;
};

export const theme = createTheme({
  colors: { green, gray, dark },
  primaryColor: "green",
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  variantColorResolver,
  fontFamily: sans,
  fontFamilyMonospace: mono,
  fontSizes: { xs: "12.5px", sm: "14px", md: "14px", lg: "16px", xl: "20px" },
  headings: { fontFamily: sans, fontWeight: "600" },
  radius: { xs: "3px", sm: "5px", md: "7px", lg: "10px", xl: "16px" },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  focusRing: "auto",
  components: {
    Button: { defaultProps: { size: "sm" } },
    Tooltip: { defaultProps: { withArrow: false, openDelay: 200 } },
    Modal: { defaultProps: { radius: "lg", centered: true } },
    Checkbox: { defaultProps: { size: "sm" } },
  },
});

/** Mantine's own variables for our surfaces, and the `--g-*` tokens that everything else is drawn with. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {
    "--g-gap": "24px",
    "--g-radius": "10px",
    "--g-foot": "64px",
    "--g-quick": "120ms ease-out",
  },
  light: {
    "--g-canvas": "#f7f8f5",
    "--g-surface": "#ffffff",
    "--g-sunken": "#f0f2ed",
    "--g-line": "#e1e5dd",
    "--g-line-strong": "#c4cabf",
    "--g-ink": "#171b17",
    "--g-ink-2": "#4a5249",
    "--g-ink-3": "#626a61",
    "--g-accent": "#1f6b45",
    "--g-on-accent": "#ffffff",
    "--g-accent-ink": "#1b6140",
    "--g-accent-soft": "#e6f0e9",
    "--g-danger-ink": "#a3281c",
    "--g-danger-soft": "#fbecea",
    "--g-danger-line": "#eac4bf",
    "--g-warning-ink": "#7d5000",
    "--g-warning-soft": "#fbf3e1",
    "--g-warning-line": "#ead6ac",
    "--g-series-1": "#1f6b45",
    "--g-series-2": "#c0702a",
    "--g-series-3": "#4a6fae",
    "--g-series-4": "#8a5a9e",
    "--mantine-color-body": "#f7f8f5",
    "--mantine-color-text": "#171b17",
    "--mantine-color-dimmed": "#626a61",
    "--mantine-color-placeholder": "#626a61",
    "--mantine-color-default": "#ffffff",
    "--mantine-color-default-hover": "#f0f2ed",
    "--mantine-color-default-color": "#171b17",
    "--mantine-color-default-border": "#c4cabf",
    "--mantine-color-error": "#a3281c",
    "--mantine-color-anchor": "#1b6140",
  },
  dark: {
    "--g-canvas": "#0f1210",
    "--g-surface": "#151916",
    "--g-sunken": "#1c211d",
    "--g-line": "#262c27",
    "--g-line-strong": "#3b433c",
    "--g-ink": "#e9ede8",
    "--g-ink-2": "#aeb7ad",
    "--g-ink-3": "#8f998e",
    "--g-accent": "#62bd8a",
    "--g-on-accent": "#06140c",
    "--g-accent-ink": "#7cd0a0",
    "--g-accent-soft": "#17291e",
    "--g-danger-ink": "#f2a097",
    "--g-danger-soft": "#2b1714",
    "--g-danger-line": "#55281f",
    "--g-warning-ink": "#e7bd69",
    "--g-warning-soft": "#292010",
    "--g-warning-line": "#4d3d1a",
    "--g-series-1": "#62bd8a",
    "--g-series-2": "#e09a57",
    "--g-series-3": "#82a5e0",
    "--g-series-4": "#bf92d2",
    "--mantine-color-body": "#0f1210",
    "--mantine-color-text": "#e9ede8",
    "--mantine-color-dimmed": "#8f998e",
    "--mantine-color-placeholder": "#8f998e",
    "--mantine-color-default": "#1c211d",
    "--mantine-color-default-hover": "#242a25",
    "--mantine-color-default-color": "#e9ede8",
    "--mantine-color-default-border": "#3b433c",
    "--mantine-color-error": "#f2a097",
    "--mantine-color-anchor": "#7cd0a0",
  },
});
