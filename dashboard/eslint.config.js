import js from "@eslint/js";
import globals from "globals";

// What makes markup of a text. `el` of public/lib/text.js builds elements instead.
const sinks = ["innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe", "createContextualFragment", "srcdoc"];

export default [
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "eqeqeq": "error",
      "no-eval": "error",
      "no-implicit-coercion": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-unused-expressions": "error",
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["public/**"],
    languageOptions: { globals: globals.browser },
    rules: {
      "no-restricted-properties": ["error", ...sinks.map((property) => ({ property })),
        { object: "document", property: "write" }, { object: "document", property: "writeln" }],
      "no-shadow": "error",
    },
  },
  { files: ["public/theme.js"], languageOptions: { sourceType: "script" } },
  // Functions in the browser's tests run in the page.
  { files: ["test/**"], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
];
