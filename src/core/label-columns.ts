/** The columns that say what is to be predicted: one, or one for each label. */
export function labelColumns({ label }: { readonly label: string | readonly string[] }): readonly string[] {
  return typeof label === "string" ? [label] : label;
}
