import js from "@eslint/js";
import globals from "globals";

export default [
  {
    ignores: [
      "node_modules/",
      ".venv*/",
      "explorer/ui/players/shared/vendor/d3.js", // not yet modules:
      "explorer/ui/permalinks/masthead.js",
      "explorer/ui/players/branches/branches.js",
      "explorer/ui/players/gallery/gallery.js",
      "explorer/ui/players/lineup/lineup.js",
      "explorer/ui/players/noise_slider/controls.js",
      "explorer/ui/players/noise_slider/model.js",
      "explorer/ui/players/noise_slider/pictures.js",
      "explorer/ui/players/noise_slider/spectrum.js",
      "explorer/ui/players/noise_slider/words.js",
      "explorer/ui/players/progress/progress.js",
      "explorer/ui/players/score_field/charts.js",
      "explorer/ui/players/score_field/controls.js",
      "explorer/ui/players/score_field/model.js",
      "explorer/ui/players/score_field/panels.js",
      "explorer/ui/players/score_field/words.js",
      "explorer/ui/players/shared/common.js",
      "explorer/ui/players/shared/old_axes.js",
      "explorer/ui/players/shared/old_exchange.js",
      "explorer/ui/players/trajectory/controls.js",
      "explorer/ui/players/trajectory/curves.js",
      "explorer/ui/players/trajectory/model.js",
      "explorer/ui/players/trajectory/octaves.js",
      "explorer/ui/players/trajectory/pictures.js",
      "explorer/ui/players/trajectory/words.js",
      "explorer/ui/players/wiring/wiring.js",
    ],
  },
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2024, sourceType: "module" },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      curly: ["error", "multi-line"],
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
