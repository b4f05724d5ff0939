// SPDX-License-Identifier: GPL-2.0
#include "mutate/operators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "mutate/rewrite.h"

namespace pinrig::mutate {
namespace {

using model::MutationOp;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<Candidate> of(const std::string& body) {
  return candidates(Source("static int f(struct x *x)\n{\n" + body + "\n}\n"), "mm/x.c");
}

// "BEFORE -> AFTER" of one operator.
std::vector<std::string> edits(const std::string& body, MutationOp op) {
  std::vector<std::string> out;
  for (const auto& c : of(body)) {
    if (c.mutant.op == op) out.push_back(c.mutant.before + " -> " + c.mutant.after);
  }
  return out;
}

TEST(Operators, a_release_is_dropped_and_doubled) {
  const std::string code = "\tunpin_user_page(page);";
  EXPECT_THAT(edits(code, MutationOp::drop_release), ElementsAre("unpin_user_page(page); -> "));
  EXPECT_THAT(edits(code, MutationOp::double_release),
              ElementsAre("unpin_user_page(page); -> unpin_user_page(page); unpin_user_page(page);"));
}

TEST(Operators, a_call_whose_value_is_used_is_no_release) {
  EXPECT_THAT(edits("\treturn bio_release_pages(bio, x);", MutationOp::drop_release), IsEmpty());
}

TEST(Operators, dirty_marking) {
  EXPECT_THAT(edits("\tset_page_dirty_lock(page);", MutationOp::skip_dirty),
              ElementsAre("set_page_dirty_lock(page); -> "));
  EXPECT_THAT(edits("\tunpin_user_pages_dirty_lock(p, n, umem->writable && dirty);", MutationOp::skip_dirty),
              ElementsAre("unpin_user_pages_dirty_lock(p, n, umem->writable && dirty); -> "
                          "unpin_user_pages_dirty_lock(p, n, false);"));
  EXPECT_THAT(edits("\tbio_release_pages(bio, false);", MutationOp::skip_dirty), IsEmpty());
}

TEST(Operators, counts_at_head_and_tail) {
  const std::string call = "unpin_user_pages(pages + i, n - i); -> ";
  EXPECT_THAT(edits("\tunpin_user_pages(pages + i, n - i);", MutationOp::off_by_one),
              ElementsAre(call + "unpin_user_pages((pages + i) + 1, (n - i) - 1);",
                          call + "unpin_user_pages(pages + i, (n - i) - 1);",
                          call + "unpin_user_pages(pages + i, (n - i) + 1);"));
}

TEST(Operators, loops_over_pages) {
  const std::string code = "\tfor (i = 0; i < nr_pages; i++) {\n\t\tunpin_user_page(pages[i]);\n\t}";
  EXPECT_THAT(edits(code, MutationOp::off_by_one),
              ElementsAre("for (i = 0; i < nr_pages; i++) -> for (i = 1; i < nr_pages; i++)",
                          "for (i = 0; i < nr_pages; i++) -> for (i = 0; i < nr_pages - 1; i++)"));
}

TEST(Operators, a_loop_is_left) {
  const std::string code =
      "\tbio_for_each_folio_all(fi, bio) {\n\t\tif (x)\n\t\t\tcontinue;\n\t\tunpin_user_folio(fi.folio, "
      "n);\n\t}";
  EXPECT_THAT(
      edits(code, MutationOp::leave_loop),
      ElementsAre("bio_for_each_folio_all(fi, bio) -> bio_for_each_folio_all(fi, bio) { ... break; }"));
  EXPECT_THAT(edits("\tdo {\n\t\tput_page(page);\n\t} while (0);", MutationOp::leave_loop), IsEmpty());
}

TEST(Operators, page_for_folio_and_offsets) {
  EXPECT_THAT(edits("\tn = folio_nr_pages(folio);", MutationOp::page_for_folio),
              ElementsAre("n = folio_nr_pages(folio); -> n = 1;"));
  EXPECT_THAT(edits("\tpage = nth_page(page, i);", MutationOp::page_for_folio),
              ElementsAre("page = nth_page(page, i); -> page = page;"));
  // The first page already.
  EXPECT_THAT(edits("\tx = folio_page(folio, 0);", MutationOp::page_for_folio), IsEmpty());
  EXPECT_THAT(edits("\to = offset_in_folio(folio, pos + 1);", MutationOp::wrong_offset),
              ElementsAre("o = offset_in_folio(folio, pos + 1); -> o = offset_in_page(pos + 1);"));
}

TEST(Operators, flags) {
  EXPECT_THAT(edits("\tgup_flags |= FOLL_WRITE;", MutationOp::foll_flag),
              ElementsAre("gup_flags |= FOLL_WRITE; -> gup_flags |= 0;"));
  EXPECT_THAT(edits("\tn = pin_user_pages_fast(a, 1, flags, &page);", MutationOp::foll_flag),
              Contains("n = pin_user_pages_fast(a, 1, flags, &page); -> "
                       "n = pin_user_pages_fast(a, 1, (flags) & ~FOLL_WRITE, &page);"));
}

TEST(Operators, a_short_count_is_not_looked_at) {
  EXPECT_THAT(edits("\tif (pinned != npages)\n\t\tunpin_user_pages(p, pinned);", MutationOp::short_count),
              ElementsAre("if (pinned != npages) -> if (0)"));
  // Only the comparison, not the rest of the condition.
  EXPECT_THAT(edits("\tif (ok && (ret < 0 || x))\n\t\tunpin_user_page(p);", MutationOp::short_count),
              ElementsAre("if (ok && (ret < 0 || x)) -> if (ok && (0 || x))"));
  // A function without pins.
  EXPECT_THAT(edits("\tif (ret < 0)\n\t\treturn ret;", MutationOp::short_count), IsEmpty());
}

TEST(Operators, direction) {
  EXPECT_THAT(edits("\tiov_iter_init(&i, WRITE, v, n);", MutationOp::direction),
              ElementsAre("iov_iter_init(&i, WRITE, v, n); -> iov_iter_init(&i, READ, v, n);"));
  // One mutant for both sides of a comparison.
  EXPECT_THAT(edits("\tif (iov_iter_rw(iter) == READ)\n\t\tx();", MutationOp::direction),
              ElementsAre("if (iov_iter_rw(iter) == READ) -> if (!iov_iter_rw(iter) == READ)"));
}

TEST(Operators, kind_of_reference) {
  EXPECT_THAT(
      edits("\tif (bio_flagged(bio, BIO_PAGE_PINNED))\n\t\tx();", MutationOp::pin_kind),
      ElementsAre("if (bio_flagged(bio, BIO_PAGE_PINNED)) -> if (!bio_flagged(bio, BIO_PAGE_PINNED))"));
  EXPECT_THAT(edits("\tif (bio_flagged(bio, BIO_CLONED))\n\t\tx();", MutationOp::pin_kind), IsEmpty());
}

TEST(Operators, charges) {
  EXPECT_THAT(edits("\tatomic64_sub(n, &mm->pinned_vm);", MutationOp::charge),
              ElementsAre("atomic64_sub(n, &mm->pinned_vm); -> "));
  EXPECT_THAT(edits("\tatomic64_sub(n, &mm->other);", MutationOp::charge), IsEmpty());
  EXPECT_THAT(edits("\tret = io_account_mem(ctx, n);", MutationOp::charge),
              ElementsAre("ret = io_account_mem(ctx, n); -> ret = 0;"));
}

TEST(Operators, a_recheck_is_left_out) {
  EXPECT_THAT(edits("\tif (unlikely(pte_val(pte) != pte_val(ptep_get(ptep))))\n\t\tgoto out;",
                    MutationOp::skip_recheck),
              ElementsAre("if (unlikely(pte_val(pte) != pte_val(ptep_get(ptep)))) -> if (0)"));
}

TEST(Operators, nothing_in_comments_strings_declarations_of_constants_and_assertions) {
  EXPECT_THAT(of("\t/* unpin_user_page(page); */\n\tpr_info(\"unpin_user_page(page);\");"), IsEmpty());
  EXPECT_THAT(of("\tstatic const int flags = FOLL_WRITE;"), IsEmpty());
  EXPECT_THAT(of("\tBUILD_BUG_ON(FOLL_WRITE != 1);"), IsEmpty());
  EXPECT_THAT(of("\tswitch (x) {\n\tcase FOLL_WRITE:\n\t\treturn 0;\n\t}"), IsEmpty());
  // A preprocessor line inside the arguments.
  EXPECT_THAT(of("\tunpin_user_page(\n#ifdef X\n\t\ta\n#else\n\t\tb\n#endif\n\t);"), IsEmpty());
}

TEST(Operators, lines_can_be_chosen) {
  const Source s("void f(void)\n{\n\tput_page(a);\n\tput_page(b);\n}\n");
  const auto some = candidates(s, "x.c", [](int line) { return line == 4; });
  ASSERT_THAT(some, ::testing::SizeIs(2));
  EXPECT_EQ(some[0].mutant.line, 4);
  EXPECT_EQ(some[0].mutant.text, "put_page(b);");
  EXPECT_EQ(some[0].mutant.function, "f");
}

std::string guarded(const std::string& body) {
  const Source s("void f(void)\n{\n" + body + "\n}\n");
  auto all = candidates(s, "x.c");
  for (std::size_t i = 0; i < all.size(); ++i) all[i].mutant.number = static_cast<int>(i) + 1;
  return rewritten(s, all);
}

TEST(Rewrite, a_statement_stays_one_in_a_branch_without_braces) {
  const std::string text = guarded("\tif (x)\n\t\tput_page(a);\n\telse\n\t\treturn;");
  EXPECT_THAT(text,
              HasSubstr("\tif (x)\n\t\t{ if (!pinrig_mutant_is(1)) { if (pinrig_mutant_is(2)) put_page(a); "
                        "put_page(a); } }\n\telse\n\t\treturn;"));
}

TEST(Rewrite, no_line_is_added) {
  const std::string body = "\tunpin_user_pages(a,\n\t\t\t /* two\n lines */ n);\n\tput_page(b);";
  const std::string text = guarded(body);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4 + std::count(body.begin(), body.end(), '\n'));
  EXPECT_THAT(text, HasSubstr("put_page(b); put_page(b); } }\n}"));
}

TEST(Rewrite, several_mutants_of_one_expression_nest) {
  EXPECT_THAT(guarded("\tunpin_user_folio(folio, n);"),
              HasSubstr("unpin_user_folio(folio, (pinrig_mutant_is(3) ? ((n) - 1) : ((pinrig_mutant_is(4) ? "
                        "((n) + 1) : (n)))));"));
}

TEST(Rewrite, a_loop_is_left_at_its_end) {
  EXPECT_THAT(guarded("\tfor (;;) {\n\t\tset_page_dirty(page);\n\t}"),
              HasSubstr("set_page_dirty(page); }\n\tif (pinrig_mutant_is(2)) break; }"));
}

TEST(Rewrite, the_patch_has_a_hunk_for_each_change_and_adds_lines_at_the_end) {
  std::string before;
  for (char c = 'a'; c <= 't'; ++c) before += std::string(1, c) + "\n";
  std::string after = before;
  after.replace(after.find("c\n"), 1, "C");
  after += "z\n";
  const std::string patch = patch_of({{"x.c", before, after}, {"new.h", "", "1\n"}}, "s");
  EXPECT_THAT(patch, HasSubstr("--- a/x.c\n+++ b/x.c\n@@ -1,6 +1,6 @@\n a\n b\n-c\n+C\n d\n e\n f\n"
                               "@@ -18,3 +18,4 @@\n r\n s\n t\n+z\n"));
  EXPECT_THAT(patch, HasSubstr("new file mode 100644\n--- /dev/null\n+++ b/new.h\n@@ -0,0 +1,1 @@\n+1\n"));
}

TEST(Rewrite, a_line_of_the_compiler_names_its_mutants) {
  const Source s("void f(void)\n{\n\tput_page(a);\n\tunpin_user_pages(a,\n\t\t\t n);\n}\n");
  auto all = candidates(s, "x.c");
  for (std::size_t i = 0; i < all.size(); ++i) all[i].mutant.number = static_cast<int>(i) + 1;
  EXPECT_THAT(mutants_at(all, "x.c", 3, s), ElementsAre(1, 2));
  EXPECT_THAT(mutants_at(all, "x.c", 5, s), Not(Contains(1)));
  EXPECT_THAT(mutants_at(all, "x.c", 5, s), Not(IsEmpty()));
  EXPECT_THAT(mutants_at(all, "y.c", 3, s), IsEmpty());
}

}  // namespace
}  // namespace pinrig::mutate
