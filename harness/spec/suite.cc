// SPDX-License-Identifier: GPL-2.0
// guest-tests/SUITE/suite.yaml
#include <algorithm>

#include "base/text.h"
#include "spec/env.h"
#include "spec/places.h"
#include "spec/rows.h"
#include "spec/spec.h"

namespace pinrig::spec {
namespace {

using model::Needs;
using model::OutputFormat;
using model::PinClaim;
using model::Rule;
using model::Suite;
using model::TestSpec;
using model::Verdict;

std::vector<std::string> read_words(Reader& r, const Node& n, const std::string& key) {
  std::vector<std::string> out;
  for (const auto& item : r.list(n, key)) {
    out.push_back(r.word(item, key));
    if (r.ok() && std::count(out.begin(), out.end(), out.back()) > 1)
      r.fail(item, fmt::format("{}: duplicate '{}'", key, out.back()));
  }
  return out;
}

std::vector<model::Device> read_devices(Reader& r, const Node& n) {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> out;
    for (const auto d : model::all_devices()) out.emplace_back(model::to_string(d));
    return out;
  }();
  std::vector<model::Device> out;
  for (const auto& item : r.list(n, "devices")) {
    out.push_back(model::all_devices()[r.choice(item, "devices", words)]);
    if (r.ok() && std::count(out.begin(), out.end(), out.back()) > 1)
      r.fail(item, fmt::format("devices: duplicate '{}'", item.text));
  }
  return out;
}

/// The kernel splits its command line at whitespace.
std::vector<std::string> read_kernel_args(Reader& r, const Node& n) {
  std::vector<std::string> out = r.texts(n, "kernel_args");
  for (std::size_t i = 0; i < out.size() && r.ok(); ++i) {
    if (out[i].find_first_of(" \t") != std::string::npos)
      r.fail(n.items[i], fmt::format("kernel_args: '{}' is more than one kernel parameter", out[i]),
             "make each an item of its own");
  }
  return out;
}

Needs read_needs(Reader& r, const Node& n) {
  Needs needs;
  const Fields f(r, n, Section::needs);
  if (!r.ok()) return needs;
  set(f, "nvme", needs.nvme, [&](const Node& v) { return r.texts(v, "nvme"); });
  if (const Node* v = f.get("fs")) {
    static const std::vector<std::string> words{"ext2", "ext4", "vfat", "xfs", "tmpfs"};
    needs.fs = words[r.choice(*v, "fs", words)];
  }
  if (const Node* v = f.get("fs_size")) {
    needs.fs_mib = r.size_mib(*v, "fs_size", false);
    if (r.ok() && needs.fs.empty())
      r.fail(f.key_node("fs_size"), "fs_size: requires 'fs'",
             "add 'fs: NAME', the file system on that drive");
  }
  set(f, "hugepages_2m", needs.hugepages_2m,
      [&](const Node& v) { return r.whole(v, "hugepages_2m", 0, 1 << 19); });
  set(f, "swap", needs.swap_mib, [&](const Node& v) { return r.size_mib(v, "swap", true); });
  set(f, "rdma", needs.rdma, [&](const Node& v) { return r.truth(v, "rdma"); });
  set(f, "symbols", needs.symbols, [&](const Node& v) { return read_symbols(r, v, "symbols"); });
  set(f, "devices", needs.devices, [&](const Node& v) { return read_devices(r, v); });
  set(f, "kernel_args", needs.kernel_args, [&](const Node& v) { return read_kernel_args(r, v); });
  set(f, "memory", needs.memory_mib, [&](const Node& v) { return r.size_mib(v, "memory", false); });
  set(f, "cpus", needs.cpus, [&](const Node& v) { return r.whole(v, "cpus", 1, 64); });
  set(f, "numa_nodes", needs.numa_nodes, [&](const Node& v) { return r.whole(v, "numa_nodes", 1, 8); });
  set(f, "tools", needs.tools, [&](const Node& v) { return read_words(r, v, "tools"); });
  return needs;
}

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

/// The fault that a test must detect. Whether the mutant exists is checked when the proof is run.
model::Proof read_proof(Reader& r, const Node& n, const fs::path& project) {
  model::Proof proof;
  proof.where = r.where(n);
  if (n.kind == Node::Kind::scalar) {
    r.fail(n, "proof: expected a mapping, got a string",
           "write {mutant: NAME, red: [CASE]}, {env: {NAME: VALUE}} or {base: KERNEL}");
    return proof;
  }
  const Fields f(r, n, Section::proof);
  if (!r.ok()) return proof;
  set(f, "mutant", proof.mutant, [&](const Node& v) { return r.word(v, "mutant"); });
  if (const Node* v = f.get("base")) {
    check_named(r, *v, "base", project, base_place());
    proof.base = v->text;
  }
  set(f, "env", proof.env, [&](const Node& v) { return read_env(r, v); });
  set(f, "red", proof.red, [&](const Node& v) { return r.texts(v, "red"); });
  set(f, "verdict", proof.verdict, [&](const Node& v) {
    static constexpr Verdict values[] = {Verdict::fail, Verdict::leak, Verdict::crash, Verdict::timeout,
                                         Verdict::error};
    return values[r.choice(v, "verdict", {"fail", "leak", "crash", "timeout", "error"})];
  });
  set(f, "rule", proof.rule, [&](const Node& v) {
    static constexpr Rule values[] = {Rule::lost, Rule::issue_worse};
    return values[r.choice(v, "rule", {"lost", "issue_worse"})];
  });
  if (!r.ok()) return proof;
  if (proof.rule && proof.mutant.empty())
    r.fail(f.key_node("rule"), "proof: 'rule' needs 'mutant': it is about a change from base to tip",
           "name the mutant, or remove 'rule'");
  if (proof.empty())
    r.fail(n, "proof: needs 'mutant', 'base' or 'env'", "name the fault that the test must detect");
  if (!proof.mutant.empty() && !proof.base.empty())
    r.fail(f.key_node("base"),
           "proof: 'base' and 'mutant' are mutually exclusive: a mutant names its own base",
           "remove one of the two");
  return proof;
}

void read_enums(Reader& r, const Fields& f, TestSpec& t) {
  if (const Node* v = f.get("format")) {
    static constexpr OutputFormat values[] = {OutputFormat::ktap, OutputFormat::exit_code,
                                              OutputFormat::gup_test};
    t.format = values[r.choice(*v, "format", {"ktap", "exit_code", "gup_test"})];
  }
  if (const Node* v = f.get("claim")) {
    static constexpr PinClaim::Mode values[] = {PinClaim::Mode::net_zero, PinClaim::Mode::exact,
                                                PinClaim::Mode::at_least};
    t.claim = values[r.choice(*v, "claim", {"net_zero", "exact", "at_least"})];
  }
}

/// What names inside a suite are looked up in.
struct Project {
  const fs::path& root;
  const std::vector<model::MapRow>& map;
};

std::vector<std::string> read_rows(Reader& r, const Node& n, const std::vector<model::MapRow>& map) {
  auto out = read_words(r, n, "rows");
  for (const auto& item : n.items) check_row(r, item, map);
  return out;
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
  set(f, "args", t.args, [&](const Node& v) { return r.texts_or_none(v, "args"); });
  set(f, "env", t.env, [&](const Node& v) { return read_env(r, v); });
  set(f, "limit", t.limit_s, [&](const Node& v) { return r.seconds(v, "limit"); });
  if (const Node* v = f.get("limit_plus")) t.limit_plus = read_variable(r, *v, "limit_plus");
  set(f, "needs", t.needs, [&](const Node& v) { return read_needs(r, v); });
  set(f, "destructive", t.destructive, [&](const Node& v) { return r.truth(v, "destructive"); });
  set(f, "known_long", t.known_long, [&](const Node& v) { return r.truth(v, "known_long"); });
  set(f, "what", t.what, [&](const Node& v) { return r.text(v, "what"); });
  set(f, "rows", t.rows, [&](const Node& v) { return read_rows(r, v, project.map); });
  set(f, "proof", t.proof, [&](const Node& v) { return read_proof(r, v, project.root); });
  read_enums(r, f, t);
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

Result<Suite> load(const fs::path& project, const std::string& name, const std::vector<model::MapRow>& map) {
  PINRIG_TRY(file, find_named(project, suite_place(), name));
  PINRIG_TRY(root, read_tree(file));
  Reader r(shown_path(file));
  const Fields f(r, root, Section::suite);
  Suite suite;
  suite.name = name;
  if (const Node* n = f.need("suite"); n != nullptr && r.word(*n, "suite") != name)
    r.fail(*n, fmt::format("suite: '{}' must equal the folder's name '{}'", n->text, name));
  set(f, "title", suite.title, [&](const Node& n) { return r.text(n, "title"); });
  if (const Node* n = f.need("tests"); n != nullptr && r.ok())
    suite.tests = read_tests(r, *n, name, {project, map});
  if (!r.ok()) return r.error();
  return suite;
}

}  // namespace

Result<std::vector<Suite>> load_all_suites(const fs::path& project) {
  PINRIG_TRY(map, load_map(project));
  std::vector<Suite> out;
  for (const auto& name : names_in(project, suite_place())) {
    PINRIG_TRY(suite, load(project, name, map));
    out.push_back(std::move(suite));
  }
  return out;
}

}  // namespace pinrig::spec
