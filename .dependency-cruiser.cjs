/**
 * Who may import whom: the drawing in the design, as a check. Every layer names the layers that it may import; anything
 * else below src/ is an error. Tests are exempt: they may reach for whatever proves the point.
 */

const test = "\\.(test|browser\\.test)\\.tsx?$|/testing/|/describe-[^/]+\\.ts$";

/** layer -> what it may import, beside itself. `task` stands for the engine side of tasks/, `panel` for the page's. */
const layers = {
  core: [],
  graph: ["core"],
  protocol: ["core"],
  formats: ["core", "graph"],
  models: ["core", "graph", "formats"],
  engine: ["core", "graph"],
  data: ["core"],
  storage: ["core"],
  hub: ["core", "storage"],
  projects: ["core", "graph", "formats", "data", "storage"],
  train: ["core", "graph", "engine", "data"],
  client: ["core", "protocol"],
  store: ["core", "protocol", "client"],
  ui: ["core", "protocol"],
};

/** Types of the protocol are the vocabulary that every layer shares; their code (zod) is not. */
const protocolTypes = ["models", "engine", "train", "data", "hub", "projects"];

const src = (...names) => `^src/(${names.join("|")})/`;

const layerRules = Object.entries(layers).flatMap(([layer, allowed]) => [
  {
    name: `${layer}-imports`,
    comment: `src/${layer} may import only ${[...allowed, "itself"].join(", ")}${protocolTypes.includes(layer) ? ", and types of the protocol" : ""}.`,
    severity: "error",
    from: { path: src(layer), pathNot: test },
    to: { path: "^src/", pathNot: src(layer, ...allowed, ...(protocolTypes.includes(layer) ? ["protocol"] : [])) },
  },
  ...(protocolTypes.includes(layer)
    ? [
        {
          name: `${layer}-protocol-types-only`,
          comment: `src/${layer} may import only types of the protocol (import type).`,
          severity: "error",
          from: { path: src(layer), pathNot: test },
          to: { path: src("protocol"), dependencyTypesNot: ["type-only"] },
        },
      ]
    : []),
]);

module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: "task-engine-imports",
      comment: "A task's engine side knows nothing of the page.",
      severity: "error",
      from: { path: "^src/tasks/", pathNot: `${test}|/panel(s)?\\.tsx?$|/panel/` },
      to: { path: "^src/(ui|app|store|client|worker)/|^src/tasks/.*(/panel(s)?\\.tsx?$|/panel/)" },
    },
    {
      name: "task-panel-imports",
      comment: "A task's panel is page: ui, core and protocol.",
      severity: "error",
      from: { path: "^src/tasks/.*(/panel(s)?\\.tsx?$|/panel/)", pathNot: test },
      to: { path: "^src/", pathNot: "^src/(core|protocol|ui)/|^src/tasks/.*(/panel(s)?\\.tsx?$|/panel/)" },
    },
    {
      name: "worker-imports",
      comment: "The worker may import everything but the page.",
      severity: "error",
      from: { path: src("worker"), pathNot: test },
      to: { path: "^src/(ui|app|store|client)/|^src/tasks/.*(/panel(s)?\\.tsx?$|/panel/)" },
    },
    {
      name: "app-imports",
      comment: "The page reaches everything below the worker through the client.",
      severity: "error",
      from: { path: src("app"), pathNot: test },
      to: { path: "^src/", pathNot: "^src/(app|core|protocol|client|store|ui)/|^src/tasks/.*(/panel(s)?\\.tsx?$|/panel/)" },
    },
    {
      name: "client-alone-creates-the-worker",
      comment: "Only src/client refers to the worker's entry.",
      severity: "error",
      from: { path: "^src/", pathNot: `${src("client", "worker")}|${test}` },
      to: { path: src("worker") },
    },
    {
      name: "tensorflow-behind-the-engine",
      comment: "Only src/engine imports TensorFlow.js, so that the page's bundle holds none of it and its version is one decision.",
      severity: "error",
      from: { path: "^src/", pathNot: `${src("engine")}|${test}` },
      to: { path: "@tensorflow/" },
    },
    {
      name: "zod-behind-core",
      comment: "Zod is had from src/core/zod.ts, which keeps it from writing code: the page's content policy refuses that.",
      severity: "error",
      from: { path: "^src/", pathNot: `^src/core/zod\\.ts$|${test}` },
      to: { path: "node_modules/zod/" },
    },
    {
      name: "engine-away-from-the-page",
      comment: "Nothing that the page loads leads to TensorFlow.js.",
      severity: "error",
      from: { path: src("core", "protocol", "client", "store", "ui", "app") },
      to: { path: "@tensorflow/", reachable: true },
    },
    {
      name: "hub-client-in-the-worker",
      comment: "The hub's library is large, and asks servers: only src/hub imports it, and the page does not.",
      severity: "error",
      from: { path: "^src/", pathNot: `${src("hub")}|${test}` },
      to: { path: "@huggingface/hub" },
    },
    { name: "no-tests-in-the-product", comment: "Only tests import tests.", severity: "error", from: { path: "^src/", pathNot: test }, to: { path: test } },
    { name: "no-dev-packages-in-the-product", comment: "What ships is listed under dependencies.", severity: "error", from: { path: "^src/", pathNot: test }, to: { dependencyTypes: ["npm-dev"] } },
    { name: "not-found", comment: "An import must lead somewhere.", severity: "error", from: { path: "^src/" }, to: { couldNotResolve: true } },
    { name: "no-cycles", comment: "Files that need each other are one thing or three.", severity: "error", from: { path: "^src/" }, to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".tsx", ".js", ".mjs", ".json"], exportsFields: ["exports"], conditionNames: ["import", "require", "node", "default"], mainFields: ["module", "main", "types"] },
  },
};
