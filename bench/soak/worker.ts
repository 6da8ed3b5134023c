/** The product's worker, with instruments that are in place before it. */
import "./instruments.ts";
import "../../src/worker/index.ts";
