// SPDX-License-Identifier: GPL-2.0
#include "mutate/scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::mutate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Kind = Statement::Kind;

std::vector<std::string> names(const std::string& code) {
  std::vector<std::string> out;
  for (const auto& f : functions_of(Source(code))) out.push_back(f.name);
  return out;
}

// "KIND: text" of each statement.
std::vector<std::string> statements(const std::string& body) {
  const Source s("void f(void)\n{\n" + body + "\n}\n");
  static const char* const words[] = {"expression", "declaration", "leave", "branch",
                                      "loop",       "block",       "other"};
  std::vector<std::string> out;
  for (const auto& f : functions_of(s)) {
    for (const auto& st : f.statements)
      out.push_back(std::string(words[static_cast<int>(st.kind)]) + ": " +
                    s.joined(st.all.begin, st.all.end));
  }
  return out;
}

TEST(Tokens, comments_strings_and_directives) {
  const Source s("#define A(x) \\\n  f(x)\n// c\nint a = '\\''; /* b\n */ char *s = \"/* no \\\" */\";\n");
  std::vector<std::string> out;
  for (std::size_t i = 0; i < s.tokens.size(); ++i) out.emplace_back(s.at(i));
  EXPECT_THAT(out, ElementsAre("#define A(x) \\\n  f(x)", "int", "a", "=", "'\\''", ";", "char", "*", "s",
                               "=", "\"/* no \\\" */\"", ";"));
  EXPECT_EQ(s.tokens[1].line, 4);
  EXPECT_EQ(s.tokens[6].line, 5);
}

TEST(Tokens, text_that_ends_early_gives_some_tokens) {
  for (const char* text : {"\"abc", "/* abc", "#define x \\", "'", "a ="}) tokens_of(text);
}

TEST(Functions, names_in_the_forms_of_the_kernel) {
  EXPECT_THAT(names("static __always_inline int a(int x)\n\t__must_hold(y)\n{\n}\n"), ElementsAre("a"));
  EXPECT_THAT(names("SYSCALL_DEFINE2(b, int, x, int, y)\n{\n}\n"), ElementsAre("b"));
  EXPECT_THAT(names("__attribute__((unused)) void c(void)\n{\n}\n"), ElementsAre("c"));
  EXPECT_THAT(names("struct s {\n\tint x;\n};\nEXPORT_SYMBOL(q);\nint *d(struct s *s)\n{\n}\n"),
              ElementsAre("d"));
  EXPECT_THAT(names("static const struct ops o = {\n\t.a = b,\n};\n"), IsEmpty());
}

TEST(Functions, one_that_a_condition_cuts_in_two_is_left_out) {
  EXPECT_THAT(
      names("void a(void)\n{\n#ifdef X\n\tif (x) {\n#else\n\tif (y) {\n#endif\n\t}\n}\nvoid b(void)\n{\n}\n"),
      ElementsAre("b"));
}

TEST(Statements, branches_without_braces) {
  EXPECT_THAT(statements("\tif (a)\n\t\tb();\n\telse if (c)\n\t\td();\n\telse\n\t\te();"),
              ElementsAre("branch: if (a) b(); else if (c) d(); else e();", "expression: b();",
                          "branch: if (c) d(); else e();", "expression: d();", "expression: e();"));
}

TEST(Statements, loops_macros_and_labels) {
  EXPECT_THAT(
      statements(
          "\tdo {\n\t\ta();\n\t} while (x);\n\tfor_each_x(y, z)\n\t\tb();\n\tscoped_guard(m, l) {\n\t\tc();"
          "\n\t}\nout:\n\treturn 0;"),
      ElementsAre("loop: do { a(); } while (x);", "expression: a();", "loop: for_each_x(y, z) b();",
                  "expression: b();", "block: scoped_guard(m, l) { c(); }", "expression: c();",
                  "leave: return 0;"));
}

TEST(Statements, declarations) {
  EXPECT_THAT(
      statements("\tstruct page *p;\n\tpgoff_t i = f(x);\n\tfoo_t *q = g();\n\t*p = 1;\n\tp->x = a * b;"),
      ElementsAre("declaration: struct page *p;", "declaration: pgoff_t i = f(x);",
                  "declaration: foo_t *q = g();", "expression: *p = 1;", "expression: p->x = a * b;"));
}

TEST(Statements, cases_and_a_label_at_the_end) {
  EXPECT_THAT(statements("\tswitch (x) {\n\tcase A(1):\n\tcase B:\n\t\ta();\n\t\tbreak;\n\tdefault:\n\t}"),
              ElementsAre("block: switch (x) { case A(1): case B: a(); break; default: }", "expression: a();",
                          "leave: break;"));
}

TEST(Calls, arguments_with_commas_in_brackets) {
  const Source s("f(a, g(b, c), (struct x){1, 2}, d[e, h])");
  const auto calls = calls_in(s, {0, s.tokens.size()});
  ASSERT_EQ(calls.size(), 2U);
  std::vector<std::string> args;
  for (const auto& a : calls[0].args) args.push_back(s.joined(a.begin, a.end));
  EXPECT_THAT(args, ElementsAre("a", "g(b, c)", "(struct x){1, 2}", "d[e, h]"));
  EXPECT_EQ(calls[1].name, "g");
}

}  // namespace
}  // namespace pinrig::mutate
