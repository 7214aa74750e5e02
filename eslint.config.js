import prettier from 'eslint-config-prettier';
import { defineConfig } from 'eslint/config';
import { builtinRules } from 'eslint/use-at-your-own-risk';
import tseslint from 'typescript-eslint';
import { docCommentRule } from './scripts/eslint/doc-comment-rule.js';
import { importMatrixRule } from './scripts/eslint/import-matrix-rule.js';

const muster = {
  rules: {
    'import-matrix': importMatrixRule,
    'doc-comment': docCommentRule,
    // The same rule under a second name: it warns before it refuses.
    'long-file': builtinRules.get('max-lines'),
  },
};

const PRODUCT = [
  'api',
  'workflows',
  'activities',
  'connectors',
  'core',
  'state',
  'migrations',
  'runtime',
  'worker',
  'cli',
  'simulators',
  'bench',
].map((folder) => `${folder}/**/*.ts`);

const ENVIRONMENT_MESSAGE = 'The environment is read in runtime/config.ts only: take what you need from the Config.';

export default defineConfig(
  { ignores: ['dist/', 'node_modules/', '.muster/', 'test-report/', 'coverage/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    // Of ESLint's own recommendations those that the compiler does not check.
    rules: Object.fromEntries(
      [
        'for-direction',
        'no-async-promise-executor',
        'no-case-declarations',
        'no-cond-assign',
        'no-constant-binary-expression',
        'no-constant-condition',
        'no-control-regex',
        'no-debugger',
        'no-dupe-else-if',
        'no-duplicate-case',
        'no-empty',
        'no-empty-character-class',
        'no-empty-pattern',
        'no-ex-assign',
        'no-extra-boolean-cast',
        'no-invalid-regexp',
        'no-irregular-whitespace',
        'no-loss-of-precision',
        'no-misleading-character-class',
        'no-prototype-builtins',
        'no-regex-spaces',
        'no-self-assign',
        'no-sparse-arrays',
        'no-unsafe-finally',
        'no-unsafe-optional-chaining',
        'no-useless-backreference',
        'no-useless-catch',
        'no-useless-escape',
        'no-var',
        'prefer-const',
        'use-isnan',
      ].map((name) => [name, 'error']),
    ),
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { muster },
    rules: {
      'muster/import-matrix': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { prefer: 'type-imports' }],
      '@typescript-eslint/no-deprecated': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, argsIgnorePattern: '^_' }],
      // Implementations of asynchronous interfaces that happen to need no waiting.
      '@typescript-eslint/require-await': 'off',
      'no-duplicate-imports': ['error', { allowSeparateTypeImports: true }],
      'object-shorthand': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'Name what you export: a stray export becomes public.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
      ],
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: ENVIRONMENT_MESSAGE }],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'node:process', importNames: ['env'], message: ENVIRONMENT_MESSAGE },
            { name: 'process', message: 'Use the global, or node:process.' },
          ],
        },
      ],
    },
  },
  {
    files: PRODUCT,
    rules: { 'muster/long-file': ['warn', { max: 300 }], 'max-lines': ['error', { max: 400 }] },
  },
  { files: ['workflows/**/*.ts'], rules: { 'max-lines': ['error', { max: 150 }] } },
  {
    files: ['core/**/*.ts', 'connectors/contract.ts', 'activities/**/*.ts', 'state/**/*.ts'],
    rules: { 'muster/doc-comment': 'error' },
  },
  {
    files: ['core/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['Date', 'setTimeout', 'setInterval', 'fetch', 'crypto', 'performance', 'process', 'Buffer'].map((name) => ({
          name,
          message: 'core is pure: take it as a parameter.',
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'core is pure: take random numbers as a parameter.' },
      ],
    },
  },
  { files: ['cli/**/*.ts', 'scripts/**/*.ts'], rules: { 'no-console': 'off' } },
  { files: ['runtime/config.ts', 'test/support/**/*.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Answers of HTTP servers and of the database are looked at as they come; `expect` does the checking.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-base-to-string': 'off',
      // Methods are taken apart to be wrapped by spies.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.js'],
    languageOptions: {
      globals: { process: 'readonly', URL: 'readonly', console: 'readonly', globalThis: 'readonly' },
    },
  },
  prettier,
);
