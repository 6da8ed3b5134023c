/** Lint rules: type-checked TypeScript everywhere, React's hook rules in the page, one source of randomness below it. */
import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const belowThePage = "src/{core,graph,formats,models,engine,train,data,hub,tasks,worker,protocol}/**/*.{ts,tsx}";

export default defineConfig(
  { ignores: ["dist", "public", "node_modules", "test-results", "playwright-report", "coverage"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_", destructuredArrayIgnorePattern: "^_" }],
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      // Interfaces that answer with promises are met by functions that need not wait.
      "@typescript-eslint/require-await": "off",
      "no-console": "error",
      "max-lines": ["warn", 400],
      eqeqeq: "error",
    },
  },
  {
    files: ["src/**/*.tsx", "src/{app,ui,store}/**/*.ts"],
    ...reactHooks.configs.flat.recommended,
  },
  {
    files: [belowThePage],
    rules: {
      "no-restricted-properties": ["error", { object: "Math", property: "random", message: "Randomness comes from a passed Rng (src/core/rng.ts): same recipe, same seed, same bits." }],
    },
  },
  {
    // The only file that touches what TensorFlow.js does not declare.
    files: ["src/engine/tf.ts"],
    rules: { "@typescript-eslint/no-explicit-any": "off" },
  },
  {
    files: ["**/*.{js,mjs,cjs}"],
    // The type checker reads these files too (checkJs), and knows what is defined.
    rules: { "no-undef": "off", "max-lines": ["warn", 400], eqeqeq: "error" },
  },
  {
    files: ["tools/**", "bench/**", "*.config.ts"],
    rules: { "no-console": "off" },
  },
);
