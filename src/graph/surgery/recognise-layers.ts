export { recogniseLayers };
import type { Model } from "../types.ts";
function recogniseLayers(model: Model): Model { return model; }
