// SPDX-License-Identifier: GPL-2.0
// Wrong YAML files: where, what, the rule and what to do, and nothing is started.
#include "sandbox.h"

namespace pinrig::integration {
namespace {

using testing::HasSubstr;

class BadYaml : public testing::Test {
 protected:
  void SetUp() override { box_.make_tiny_project(); }

  /// `plan` and `run` refuse alike: exit 2, all of `wanted` in stderr, nothing among the runs, and nothing in
  /// the cache unless the source has to be known to see the mistake.
  void refused(const std::vector<std::string>& options, const std::vector<std::string>& wanted,
               bool needs_source = false) {
    for (const char* command : {"plan", "run", "build"}) {
      std::vector<std::string> args{command};
      args.insert(args.end(), options.begin(), options.end());
      const Ran ran = box_.pinrig(args);
      EXPECT_EQ(ran.code, 2) << command << ": " << ran;
      EXPECT_EQ(ran.out, "") << command;
      for (const auto& text : wanted) EXPECT_THAT(ran.err, HasSubstr(text)) << command;
      EXPECT_FALSE(box_.has_runs()) << command;
      EXPECT_EQ(fs::exists(box_.cache), needs_source)
          << command << " touched the cache before the input was understood";
    }
  }

  Sandbox box_;
};

TEST_F(BadYaml, UnknownKeyNamesTheNearest) {
  box_.put("configs/runs/default.yaml", "name: default\nbase: tiny\narch: [x86_64]\n");
  refused({}, {"default.yaml:3:1: ", "unknown key 'arch' in a run", "did you mean 'archs'?", "known keys: "});
}

TEST_F(BadYaml, UnknownKeyInAMachine) {
  box_.put("configs/machines/default.yaml", "name: default\nmemmory: 2G\n");
  refused({}, {"machines/default.yaml:2:1: ", "'memmory'", "did you mean 'memory'?"});
}

TEST_F(BadYaml, WrongType) {
  box_.put("configs/runs/default.yaml", "name: default\nbase: tiny\nsuites: pins\n");
  refused({}, {"default.yaml:3:9: ", "suites: expected a list, got a string", "write suites: [pins]"});
}

TEST_F(BadYaml, WrongNumber) {
  box_.put("configs/machines/default.yaml", "name: default\ncpus: two\nmemory: 2G\n");
  refused({}, {"machines/default.yaml:2:7: ", "cpus: 'two' is not a whole number",
               "write a number from 1 to 256"});
}

TEST_F(BadYaml, DuplicateKey) {
  box_.put("configs/runs/default.yaml", "name: default\nbase: tiny\nsuites: [pins]\nbase: tiny\n");
  refused({}, {"default.yaml:4:1: ", "duplicate key 'base'; first defined in line 2", "remove one"});
}

TEST_F(BadYaml, DuplicateTest) {
  box_.put("guest-tests/pins/suite.yaml",
           "suite: pins\ntests:\n  - {name: a, limit: 5, what: x}\n  - {name: a, limit: 5, what: x}\n");
  refused({}, {"pins/suite.yaml:4:5: ", "duplicate test 'pins/a'; first defined in line 3",
               "test names must be unique in a suite"});
}

TEST_F(BadYaml, MachineThatExtendsItself) {
  box_.put("configs/machines/default.yaml", "name: default\nextends: other\n");
  box_.put("configs/machines/other.yaml", "name: other\nextends: default\n");
  refused({}, {".yaml:2:10: ", "extends", "default", "other"});
}

TEST_F(BadYaml, MissingRunFile) { refused({"defalt"}, {"no run 'defalt'", "did you mean 'default'?"}); }

TEST_F(BadYaml, MissingRunFileByPath) {
  refused({"runs/mine.yaml"}, {"runs/mine.yaml", "No such file or directory"});
}

TEST_F(BadYaml, MissingMachineIsNamedWhereItIsAskedFor) {
  box_.put("configs/runs/default.yaml", "name: default\nbase: tiny\nmachine: defualt\n");
  refused({}, {"default.yaml:3:10: ", "no machine 'defualt'", "did you mean 'default'?"});
}

TEST_F(BadYaml, MissingTarballIsNamedWhereItIsAskedFor) {
  box_.put("kernels/tiny.yaml", "name: tiny\nsource: {tarball: tinny.tar.xz}\n");
  refused({}, {"tiny.yaml:2:19: ", "tinny.tar.xz does not exist", "did you mean 'tiny.tar.xz'?"});
}

TEST_F(BadYaml, MissingFragment) {
  box_.put("configs/runs/default.yaml", "name: default\nbase: tiny\nfragments: [base, pinn]\n");
  refused({}, {"default.yaml:3:19: ", "'pinn'", "did you mean 'pin'?"});
}

TEST_F(BadYaml, EmptyFile) {
  box_.put("configs/runs/default.yaml", "");
  refused({}, {"default.yaml:1:1: ", "the file is empty"});
}

TEST_F(BadYaml, NotYamlAtAll) {
  box_.put("configs/runs/default.yaml", "name: default\nbase: [tiny\nsuites: {\n");
  refused({}, {"default.yaml:", "check quotes"});
}

TEST_F(BadYaml, BinaryFile) {
  box_.put("configs/runs/default.yaml", std::string("\x7f"
                                                    "ELF\x02\x01\x01\x00\x00\xff\xfe",
                                                    11));
  refused({}, {"default.yaml:1:"});
}

TEST_F(BadYaml, UnknownSeriesAndBase) {
  refused({"--series", "smal"}, {"no series 'smal'", "did you mean 'small'?"});
  refused({"--base", "tinny"}, {"no kernel 'tinny'", "did you mean 'tiny'?"});
}

TEST_F(BadYaml, ConflictingFragmentsAreAnError) {
  box_.put("configs/fragments/one.config", "# SPDX-License-Identifier: GPL-2.0\nCONFIG_SWAP=y\n");
  box_.put("configs/fragments/two.config", "# SPDX-License-Identifier: GPL-2.0\n# CONFIG_SWAP is not set\n");
  box_.put("configs/runs/default.yaml",
           "name: default\nbase: tiny\narchs: [x86_64]\nfragments: [one, two]\nsuites: [pins]\n");
  refused({}, {"one.config:2", "two.config:2", "SWAP"}, true);
}

TEST_F(BadYaml, EarlierResultsStayReadable) {
  box_.fake("mmdebstrap", "echo 'E: no network in this test' >&2; exit 1");
  ASSERT_EQ(box_.pinrig({"run"}).code, 4);
  const std::string before = listed(box_);
  box_.put("configs/runs/default.yaml", "name: default\nbase: tiny\narch: [x86_64]\n");
  EXPECT_EQ(box_.pinrig({"run"}).code, 2);
  EXPECT_EQ(listed(box_), before);
  EXPECT_EQ(box_.pinrig({"show", "last"}).code, 0);
}

}  // namespace
}  // namespace pinrig::integration
