// SPDX-License-Identifier: GPL-2.0
#include "mutate/mutants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mutate/kernel.h"

namespace pinrig::mutate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;

MutantSet set_of(const std::vector<std::string>& paths) {
  MutantSet set;
  int number = 0;
  for (const auto& path : paths) {
    MutantFile f{
        path,
        Source("void f(void)\n{\n\tunpin_user_pages(a, n);\n}\nvoid g(void)\n{\n\tput_page(b);\n}\n"),
        {}};
    f.candidates = candidates(f.source, path);
    for (auto& c : f.candidates) c.mutant.number = ++number;
    set.files.push_back(std::move(f));
  }
  return set;
}

std::vector<int> numbers(const std::vector<model::Mutant>& mutants) {
  std::vector<int> out;
  for (const auto& m : mutants) out.push_back(m.number);
  return out;
}

TEST(Chosen, a_smaller_sample_is_the_beginning_of_a_larger_one) {
  const auto set = set_of({"mm/a.c", "mm/b.c", "mm/c.c"});
  MutateOptions o;
  const auto all = numbers(chosen(set, o));
  EXPECT_EQ(all.size(), set.all().size());
  o.sample = 5;
  auto five = numbers(chosen(set, o));
  EXPECT_EQ(five, std::vector<int>(all.begin(), all.begin() + 5));
  o.seed = 2;
  EXPECT_NE(numbers(chosen(set, o)), five);
  o.functions = {"g"};
  o.sample = 0;
  EXPECT_THAT(numbers(chosen(set, o)), IsSubsetOf(all));
  EXPECT_EQ(chosen(set, o).size(), 6u);  // dropped and doubled in each file
}

// The paths are those that the compiler is given: from the objects to the source.
TEST(Blamed, is_every_mutant_of_a_line_with_an_error) {
  const auto set = set_of({"mm/a.c", "mm/b.c"});
  const auto in_g = chosen(set, {.files = {}, .functions = {"g"}});
  const std::string log =
      "  CC      mm/b.o\n"
      "../../worktrees/x/mm/b.c:7:9: error: invalid use of void expression\n"
      "../../worktrees/x/mm/b.c:3:9: warning: unused\n"
      "../../worktrees/x/mm/other.c:7:9: error: not ours\n";
  std::set<int> want;
  for (const auto& m : in_g) {
    if (m.file == "mm/b.c") want.insert(m.number);
  }
  EXPECT_EQ(blamed(log, set, {}), want);
  EXPECT_THAT(blamed(log, set, want), IsEmpty());
  EXPECT_THAT(blamed("ld: undefined reference", set, {}), IsEmpty());
}

TEST(MutantSet, a_registration_of_rdma_is_released) {
  const std::string path = "drivers/infiniband/sw/rxe/rxe_mr.c";
  const Source source("void f(struct rxe_mr *mr)\n{\n\tib_umem_release(mr->umem);\n}\n");
  std::vector<model::MutationOp> ops;
  for (const auto& c : candidates(source, path)) ops.push_back(c.mutant.op);
  EXPECT_THAT(ops, ElementsAre(model::MutationOp::drop_release, model::MutationOp::double_release));
}

}  // namespace
}  // namespace pinrig::mutate
