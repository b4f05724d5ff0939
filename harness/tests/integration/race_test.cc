// SPDX-License-Identifier: GPL-2.0
// Races that are made: CPUs are held at places in the kernel, on both architectures.
#include "pipeline.h"

namespace pinrig::integration {
namespace {

using testing::HasSubstr;

TEST(Race, CpusAreHeldAndTheBaseIsGreen) {
  const WarmSandbox box;
  const auto file = (box.root() / "run.json").string();
  const Ran ran = box.pinrig({"run", "--base", "debian-6.12", "--arch", "x86_64", "--arch", "aarch64",
                              "--test", "races/gup_fork", "--test", "races/gup_entry", "--test",
                              "races/unregister", "--json", file});
  EXPECT_EQ(ran.code, 0) << ran;
  const auto json = read_json(file);
  for (const char* id : {"base-x86_64", "base-aarch64"}) {
    const auto guest = guest_of(json, id);
    for (const char* name : {"races/gup_fork", "races/gup_entry", "races/unregister"})
      EXPECT_EQ(test_of(guest, name).value("verdict", ""), "pass") << id << " " << name;
    const auto numbers = test_of(guest, "races/gup_fork").value("numbers", nlohmann::json::object());
    EXPECT_EQ(numbers.value("cpu_held_at:try_grab_folio_fast", 0), 1) << id << ": " << numbers.dump();
    EXPECT_EQ(numbers.value("cpu_held_at:pgtable_trans_huge_deposit", 0), 2) << id << ": " << numbers.dump();
  }
}

TEST(Race, AReportOfAFailureNamesTheHeldPlaces) {
  const WarmSandbox box;
  const Ran ran =
      box.pinrig({"run", "--series", (box.project / "kernels/mutants/m140-gup-no-sequence-check").string(),
                  "--point", "tip", "--arch", "x86_64", "--test", "races/gup_fork"});
  EXPECT_EQ(ran.code, 1) << ran;
  EXPECT_THAT(ran.out, HasSubstr("held CPU 1 at try_grab_folio_fast"));
  EXPECT_THAT(ran.out, HasSubstr("held CPU 2 at pgtable_trans_huge_deposit"));
  EXPECT_THAT(ran.out, HasSubstr("the child sees what was written through the pin"));
  EXPECT_THAT(ran.out, HasSubstr("repro.sh --test races/gup_fork"));
}

}  // namespace
}  // namespace pinrig::integration
