/**
 * Zod in its form of functions, of which a page loads only those it uses, and the few shapes that Graft's schemas are made of. It writes
 * no code for itself: the page's policy lets no string become code, and even the attempt is reported.
 */
import * as z from "zod/mini";
import en from "zod/v4/locales/en.js";

z.config({ ...en(), jitless: true });

export { z };

/** From `min` to `max`. */
export const number = (min: number, max: number): z.ZodMiniNumber => z.number().check(z.gte(min), z.lte(max));

/** A whole number from `min` to `max`, or to what a double holds exactly. */
export const whole = (min: number, max?: number): z.ZodMiniNumberFormat => z.int().check(z.gte(min), ...(max === undefined ? [] : [z.lte(max)]));

/** A text of at least one character. */
export const filled = (): z.ZodMiniString => z.string().check(z.minLength(1));

/** Its line of help, which page, command line and documentation show. */
export function described<T extends z.ZodMiniType>(schema: T, help: string): T {
  z.globalRegistry.add(schema, { description: help });
  return schema;
}

/** A field that may be left out, with what it is then and its line of help. */
export const setting = <T extends z.ZodMiniType>(schema: T, fallback: z.output<T>, help: string): z.ZodMiniDefault<T> => described(z._default(schema, fallback as never), help);

export const helpOf = (schema: z.ZodMiniType): string => z.globalRegistry.get(schema)?.description ?? "";

/** What a number may be, exclusive bounds taken for inclusive ones; null if it is open to one side. */
export function rangeOf(schema: z.ZodMiniType): { readonly min: number; readonly max: number; readonly whole: boolean } | null {
  if (!(schema instanceof z.ZodMiniNumber || schema instanceof z.ZodMiniNumberFormat)) return null;
  let [min, max]: (number | undefined)[] = [];
  for (const check of schema.def.checks ?? []) {
    if (check instanceof z.core.$ZodCheckGreaterThan) min = Number(check._zod.def.value);
    if (check instanceof z.core.$ZodCheckLessThan) max = Number(check._zod.def.value);
  }
  return min === undefined || max === undefined ? null : { min, max, whole: schema instanceof z.ZodMiniNumberFormat };
}

/** A setting's schema without its default. */
export const withoutDefault = (schema: z.ZodMiniType): z.ZodMiniType => (schema instanceof z.ZodMiniDefault ? (schema.def.innerType as z.ZodMiniType) : schema);
