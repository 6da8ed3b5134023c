/** Zod without the code that it would write for itself: the page's policy lets no string become code, and even the attempt is reported. */
import { z } from "zod";

z.config({ jitless: true });

export { z };
