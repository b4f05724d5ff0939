// SPDX-License-Identifier: GPL-2.0
#include "git/range_diff.h"

#include <algorithm>

#include "git/testing.h"

namespace pinrig::git {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string hash(char c) { return std::string(40, c); }

TEST(RangeDiff, LinesOfGitAreReadAndOthersAreNot) {
  const std::string dashes(40, '-');
  const std::string text = " 1:  " + hash('a') + " =  1:  " + hash('b') + " mm: one = two\n" +  //
                           " 2:  " + hash('c') + " !  3:  " + hash('d') + " mm: two\n" +        //
                           " 3:  " + hash('e') + " <  -:  " + dashes + " mm: three\n" +         //
                           " -:  " + dashes + " > 12:  " + hash('f') + " mm: four\n" +          //
                           "    @@ mm/gup.c\n 1:  " + hash('a') + " ? 1:  " + hash('b') + " x\n" +
                           " -:  " + dashes + " =  -:  " + dashes + " nothing\n 1:  abc = 1:  abc short\n";
  EXPECT_THAT(parse_range_diff(text),
              ElementsAre(RangePair{'=', hash('a'), hash('b')}, RangePair{'!', hash('c'), hash('d')},
                          RangePair{'<', hash('e'), ""}, RangePair{'>', "", hash('f')}));
  EXPECT_THAT(parse_range_diff(""), IsEmpty());
}

class RangeDiffTest : public SourceTest {
 protected:
  /// A patch of mm/gup.c that replaces some lines of numbered_lines(40).
  static std::string patch(int number, int of, int line, const std::string& text,
                           const std::string& subject) {
    std::string out = "From: A <a@example.org>\nSubject: [PATCH " + std::to_string(number) + "/" +
                      std::to_string(of) + "] " + subject + "\n\nWhy it is so.\n---\n";
    out += "--- a/mm/gup.c\n+++ b/mm/gup.c\n@@ -" + std::to_string(line - 3) + ",7 +" +
           std::to_string(line - 3) + ",7 @@\n";
    for (int i = line - 3; i <= line + 3; ++i) {
      if (i == line) out += "-line " + std::to_string(i) + "\n+" + text + "\n";
      if (i != line) out += " line " + std::to_string(i) + "\n";
    }
    return out + "-- \n2.39.5\n\n";
  }
  AppliedSeries applied(const Source& source, const std::string& name,
                        const std::vector<std::string>& mails) {
    fs::create_directories(path(name));
    for (std::size_t i = 0; i < mails.size(); ++i)
      write(path(name) / ("000" + std::to_string(i + 1) + ".patch"), mails[i]);
    model::Series s;
    s.name = name;
    s.patches = model::Series::PatchDir{path(name).string()};
    const auto series = apply_series(source, s, ctx_);
    EXPECT_TRUE(series.has_value()) << series.error().message;
    return *series;
  }
  static AppliedRange range_of(const AppliedSeries& s) {
    return {s.patches.front().commit, s.patches.back().commit};
  }
};

TEST_F(RangeDiffTest, OfTwoVersionsIsGits) {
  const auto source = small();
  const auto v1 = applied(source, "v1",
                          {patch(1, 3, 5, "five", "mm: one"), patch(2, 3, 15, "fifteen", "mm: two"),
                           patch(3, 3, 25, "gone", "mm: dropped")});
  const auto v2 =
      applied(source, "v2", {patch(1, 2, 5, "five", "mm: one"), patch(2, 2, 35, "other", "mm: added to it")});
  const auto pairs = range_diff(range_of(v1), range_of(v2), ctx_);
  ASSERT_TRUE(pairs.has_value()) << pairs.error().message;
  ASSERT_TRUE(*pairs);
  std::string marks;
  for (const auto& p : **pairs) marks += p.mark;
  std::sort(marks.begin(), marks.end());
  EXPECT_EQ(marks, "<<=>");
  EXPECT_EQ((**pairs).front(), (RangePair{'=', v1.patches[0].commit, v2.patches[0].commit}));
  const auto files = files_touched(range_of(v2), {v2.patches[1].commit}, ctx_);
  ASSERT_TRUE(files.has_value()) << files.error().message;
  EXPECT_THAT(files->at(v2.patches[1].commit), ElementsAre("mm/gup.c"));
}

TEST_F(RangeDiffTest, WorksAcrossBases) {
  const auto source = small();
  const auto v1 = applied(source, "v1", {patch(1, 1, 5, "five", "mm: one")});
  auto members = kernel_files();
  members["top-6.12/mm/swap.c"].content = "other\n";
  write_tarball(path("other.tar.xz"), members);
  const auto other = import_base(tarball_base(path("other.tar.xz")), ctx_);
  ASSERT_TRUE(other.has_value()) << other.error().message;
  ASSERT_NE(other->repo, source.repo);
  const auto v2 = applied(*other, "v2", {patch(1, 1, 5, "five", "mm: one")});
  const auto pairs = range_diff(range_of(v1), range_of(v2), ctx_);
  ASSERT_TRUE(pairs.has_value()) << pairs.error().message;
  ASSERT_TRUE(*pairs);
  EXPECT_THAT(**pairs, ElementsAre(RangePair{'=', v1.patches[0].commit, v2.patches[0].commit}));
}

TEST_F(RangeDiffTest, SaysNothingOfCommitsThatAreGone) {
  const auto source = small();
  const auto v1 = applied(source, "v1", {patch(1, 1, 5, "five", "mm: one")});
  const AppliedRange gone{hash('1'), hash('2')};
  for (const auto& [a, b] : {std::pair(gone, range_of(v1)), std::pair(range_of(v1), gone),
                             std::pair(AppliedRange{"", ""}, range_of(v1))}) {
    const auto pairs = range_diff(a, b, ctx_);
    ASSERT_TRUE(pairs.has_value()) << pairs.error().message;
    EXPECT_FALSE(*pairs);
  }
  const auto files = files_touched(gone, {hash('2')}, ctx_);
  ASSERT_TRUE(files.has_value());
  EXPECT_THAT(*files, IsEmpty());
}

}  // namespace
}  // namespace pinrig::git
