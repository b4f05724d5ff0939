// SPDX-License-Identifier: GPL-2.0
// guest-tests/SUITE/suite.yaml
#include <algorithm>

#include "spec/contract.h"
#include "spec/places.h"
#include "spec/spec.h"
#include "spec/test_keys.h"

namespace pinrig::spec {
namespace {

using model::Suite;
using model::TestSpec;

/// "dio_rw" is the suite's own, "pins/hold" another suite's, "kernel:cow" the kernel tree's.
std::string read_program(Reader& r, const Node& n, const std::string& suite) {
  const std::string s = r.text(n, "program");
  if (!r.ok()) return s;
  const std::string path = s.starts_with("kernel:") ? s.substr(7) : s;
  if (path.empty() || path[0] == '/' || path[0] == '-' || path.find("..") != std::string::npos)
    r.fail(n, fmt::format("program: '{}' is not a program below /tests in the guest", s),
           "write NAME for this suite, SUITE/NAME for another one, kernel:NAME for a selftest of the kernel "
           "tree");
  if (s.starts_with("kernel:") || s.find('/') != std::string::npos) return s;
  return suite + "/" + s;
}

TestSpec read_test(Reader& r, const Node& n, const std::string& suite, const Project& project) {
  TestSpec t;
  t.where = r.where(n);
  const Fields f(r, n, Section::test);
  if (!r.ok()) return t;
  const Node* name = f.need("name");
  if (name == nullptr) return t;
  const std::string own = r.word(*name, "name");
  t.name = suite + "/" + own;
  t.program = suite + "/" + own;
  set(f, "program", t.program, [&](const Node& v) { return read_program(r, v, suite); });
  read_test_keys(r, f, project, t);
  return t;
}

std::vector<TestSpec> read_tests(Reader& r, const Node& n, const std::string& suite, const Project& project) {
  std::vector<TestSpec> out;
  for (const auto& item : r.list(n, "tests")) {
    TestSpec t = read_test(r, item, suite, project);
    const auto same =
        std::find_if(out.begin(), out.end(), [&](const TestSpec& o) { return o.name == t.name; });
    if (r.ok() && same != out.end())
      r.fail(item, fmt::format("duplicate test '{}'; first defined in line {}", t.name, same->where.line),
             "test names must be unique in a suite");
    out.push_back(std::move(t));
  }
  return out;
}

/// A suite, and the contract if it is that.
struct Loaded {
  Suite suite;
  std::optional<model::Contract> contract;
};

Result<Loaded> load(const fs::path& project, const std::string& name, const std::vector<model::MapRow>& map) {
  PINRIG_TRY(file, find_named(project, suite_place(), name));
  PINRIG_TRY(root, read_tree(file));
  Reader r(shown_path(file));
  Loaded out;
  out.suite.name = name;
  const bool is_contract = says_contract(root);
  const Fields f(r, root, is_contract ? Section::contract : Section::suite);
  if (const Node* n = f.need("suite"); n != nullptr && r.word(*n, "suite") != name)
    r.fail(*n, fmt::format("suite: '{}' must equal the folder's name '{}'", n->text, name));
  set(f, "title", out.suite.title, [&](const Node& n) { return r.text(n, "title"); });
  if (is_contract) {
    out.contract = read_contract(r, f, {project, map}, out.suite);
  } else if (const Node* n = f.need("tests"); n != nullptr && r.ok()) {
    out.suite.tests = read_tests(r, *n, name, {project, map});
  }
  if (!r.ok()) return r.error();
  return out;
}

Result<std::vector<Loaded>> load_all(const fs::path& project) {
  PINRIG_TRY(map, load_map(project));
  std::vector<Loaded> out;
  const Loaded* contract = nullptr;
  for (const auto& name : names_in(project, suite_place())) {
    PINRIG_TRY(loaded, load(project, name, map));
    out.push_back(std::move(loaded));
  }
  for (const auto& l : out) {
    if (l.contract && contract != nullptr)
      return make_error(ErrorKind::bad_input,
                        fmt::format("suites '{}' and '{}' both have 'users': a project has one contract",
                                    contract->suite.name, l.suite.name),
                        "merge the two suites");
    if (l.contract) contract = &l;
  }
  return out;
}

}  // namespace

Result<std::vector<Suite>> load_all_suites(const fs::path& project) {
  PINRIG_TRY(all, load_all(project));
  std::vector<Suite> out;
  for (auto& l : all) out.push_back(std::move(l.suite));
  return out;
}

Result<model::Contract> load_contract(const fs::path& project) {
  PINRIG_TRY(all, load_all(project));
  for (auto& l : all) {
    if (l.contract) return std::move(*l.contract);
  }
  return model::Contract{};
}

}  // namespace pinrig::spec
