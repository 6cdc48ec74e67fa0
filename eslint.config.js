import js from "@eslint/js";
import globals from "globals";

export default [
  {
    ignores: ["node_modules/", ".venv*/", "explorer/ui/players/shared/vendor/d3.js"],
  },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2024, sourceType: "module" },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "max-lines": ["error", { max: 300 }],
      "max-lines-per-function": ["error", { max: 60, skipComments: true }],
      "no-shadow": "error",
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  { files: ["explorer/**/*.js"], languageOptions: { globals: globals.browser } },
  { files: ["tests/js/**/*.js", "**/*.mjs", "*.config.js"], languageOptions: { globals: globals.node } },
];
