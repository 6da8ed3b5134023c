/** The drawing above the drop area: leaves of paper coming together on one stem. */
export function StartArt() {
  return (
    <svg width="132" height="76" viewBox="0 0 132 76" fill="none" aria-hidden style={{ marginBottom: 16 }}>
      <g stroke="var(--g-line-strong)" strokeWidth="1.5" fill="var(--g-surface)">
        <rect x="6" y="16" width="36" height="36" rx="6" transform="rotate(-8 24 34)" />
        <rect x="90" y="16" width="36" height="36" rx="6" transform="rotate(8 108 34)" />
        <rect x="45" y="4" width="42" height="42" rx="7" stroke="var(--g-accent)" />
      </g>
      <path d="M14 44L22 34L28 40L33 35L39 41" stroke="var(--g-ink-3)" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" transform="rotate(-8 24 34)" />
      <g stroke="var(--g-ink-3)" strokeWidth="1.5" strokeLinecap="round" transform="rotate(8 108 34)">
        <path d="M97 27H119" />
        <path d="M97 34H113" />
        <path d="M97 41H116" />
      </g>
      <path d="M53 38C55 24 63 15 79 12C80 28 73 37 59 35" fill="var(--g-accent-soft)" stroke="var(--g-accent)" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" />
      <path d="M66 74V46M24 54C24 66 66 58 66 74C66 58 108 66 108 54" stroke="var(--g-line-strong)" strokeWidth="1.5" strokeLinecap="round" />
    </svg>
  );
}
