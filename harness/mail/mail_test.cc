// SPDX-License-Identifier: GPL-2.0
#include "mail/mail.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/file.h"
#include "base/text.h"

namespace pinrig::mail {
namespace {

using testing::HasSubstr;

void expect_golden(const std::string& name, const std::string& text) {
  const fs::path file = fs::path(PINRIG_TESTDATA) / name;
  if (std::getenv("PINRIG_UPDATE_GOLDEN") != nullptr) std::ofstream(file) << text;
  const auto expected = read_file(file);
  ASSERT_TRUE(expected.has_value()) << expected.error().message;
  EXPECT_EQ(text, *expected);
}

Finding leak() {
  Finding f;
  f.what = Finding::What::leak;
  f.test = "bio/dio_rw";
  f.said = "leak";
  f.pages = 3565;
  f.series = "v3.mbox";
  f.patch = 2;
  f.patches = 7;
  f.version = 3;
  f.subject = "block: release pages through bio_release_page()";
  f.reply_to = "<20261101.2-a@example.org>";
  f.columns = {{"base", model::PinSample{7473, 7473}, 0, 4},
               {"patch 1", model::PinSample{7473, 7473}, 0, 8},
               {"patch 2", model::PinSample{7473, 3908}, 5, 5}};
  f.bisection = "VERIFIED: red at this patch, clean before it, clean with it reverted at the tip";
  f.fields = {{"base", "debian-6.12 (6.12.117)"},
              {"config", "base+pin"},
              {"arch", "x86_64"},
              {"accel", "tcg (KVM is not usable)"},
              {"compiler", "gcc (Debian 12.2.0-14+deb12u1) 12.2.0"},
              {"qemu", "QEMU emulator version 7.2.22"},
              {"pinrig", "0.1.0"}};
  f.commands = {"harness/bootstrap build",
                "build/release/pinrig run --series v3.mbox --base debian-6.12 --arch x86_64 --point 2 --test "
                "bio/dio_rw"};
  f.not_run = {"aarch64", "other tests"};
  return f;
}

Finding regression() {
  Finding f = leak();
  f.series.clear();
  f.reply_to.clear();
  f.commit = "0123456789abcdef0123456789abcdef01234567";
  f.said = "pages stay pinned";
  f.good = "v6.11";
  f.bad = f.commit;
  f.people = {
      "Signed-off-by: Jane D\xc3\xb6"
      "e <jane@example.org>",
      "Reviewed-by: A Reviewer <a@example.org>"};
  return f;
}

TEST(Mail, ALeakWithItsCulprit) { expect_golden("leak.txt", series_mail(leak())); }

TEST(Mail, ACrash) {
  Finding f = leak();
  f.what = Finding::What::crash;
  f.said = "BUG: Bad page state in process dio_rw";
  for (auto& c : f.columns) c.pins.reset();
  for (int i = 0; i < 45; ++i) f.log.push_back(fmt::format("line {} of the report\x1b[31m", i));
  expect_golden("crash.txt", series_mail(f));
}

TEST(Mail, AnApplyFailure) {
  Finding f = leak();
  f.what = Finding::What::apply_failure;
  f.test.clear();
  f.said = "patch 2 \"block: release pages\" does not apply: block/bio.c: hunk 2 at line 1225";
  f.columns.clear();
  f.bisection.clear();
  expect_golden("apply.txt", series_mail(f));
}

TEST(Mail, AnInconclusiveBisection) {
  Finding f = leak();
  f.what = Finding::What::inconclusive;
  f.patch = 0;
  f.subject = "Direct I/O that pins";
  f.said = "TOO NOISY, seen 2 of 64";
  f.bisection = "TOO NOISY: seen 2 of 64; not bisected";
  f.columns = {{"base", std::nullopt, 0, 4}, {"tip", std::nullopt, 2, 64}};
  expect_golden("inconclusive.txt", series_mail(f));
}

TEST(Mail, AFindingThatOnlyKvmShows) {
  Finding f = leak();
  f.what = Finding::What::red;
  f.said = "fail, 3 of 42 cases";
  f.fields[3] = {"accel", "kvm"};
  f.not_run = {"TCG: not red there in 8 runs", "aarch64"};
  expect_golden("kvm.txt", series_mail(f));
}

TEST(Mail, ARegression) { expect_golden("regression.txt", regression_mail(regression())); }

TEST(Mail, ARedThatIsSeldomSaysHowOftenToRepeat) {
  Finding f = leak();
  EXPECT_THAT(series_mail(f), testing::Not(HasSubstr("each time"))) << "it showed in 5 of 5 runs";
  f.columns.back().red = 7;
  f.columns.back().runs = 32;
  f.rate = Rate{7, 32, 15, 5, false};
  f.columns.front().runs = f.columns[1].runs = 32;
  expect_golden("seldom.txt", series_mail(f));
  EXPECT_THAT(series_mail(f), HasSubstr("\nIt does not show each time: red in 7 of 32 runs. With the red"));
  f.rate->guests = true;
  f.rate->clean_runs = 1;
  EXPECT_THAT(regression_mail(f), HasSubstr("red in 7 of 32 guests."));
  EXPECT_THAT(regression_mail(f), HasSubstr("1 guest without it in"));
}

TEST(Mail, IsPlainAsciiAndNarrow) {
  for (const auto& text : {series_mail(leak()), regression_mail(regression())}) {
    for (const char c : text) EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << static_cast<int>(c);
    for (const auto line : lines(text)) {
      const bool free =
          line.starts_with("Subject: ") || line.starts_with("  ") || line.starts_with("Fixes: ");
      EXPECT_TRUE(free || line.size() <= 72) << line;
    }
  }
}

TEST(Mail, ALongFieldIsCut) {
  Finding f = leak();
  f.fields[3].second = "tcg (" + std::string(200, 'x') + ")";
  const auto text = series_mail(f);
  EXPECT_THAT(text, HasSubstr("accel:          tcg (xxx"));
  for (const auto line : lines(text)) {
    if (line.starts_with("accel:")) {
      EXPECT_EQ(line.size(), 72u);
    }
  }
}

TEST(Mail, TheRegzbotParagraphIsLastAndAlone) {
  const auto text = regression_mail(regression());
  EXPECT_THAT(text, testing::EndsWith("\n\n#regzbot introduced: 0123456789abcdef0123456789abcdef01234567\n"));
  EXPECT_THAT(text, HasSubstr("# To: Jane D?e <jane@example.org>\n# Cc: A Reviewer"));
}

}  // namespace
}  // namespace pinrig::mail
