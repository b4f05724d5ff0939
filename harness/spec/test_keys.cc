// SPDX-License-Identifier: GPL-2.0
#include "spec/test_keys.h"

#include <algorithm>
#include <charconv>

#include "spec/env.h"
#include "spec/places.h"
#include "spec/rows.h"

namespace pinrig::spec {
namespace {

using model::Needs;
using model::OutputFormat;
using model::PinClaim;
using model::Rule;
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

/// Appends what a key lists to `out`, each item once.
template <typename T, typename Read>
void add(const Fields& f, const std::string& key, std::vector<T>& out, Read read) {
  const Node* n = f.get(key);
  if (n == nullptr) return;
  for (auto& item : read(*n)) {
    if (std::find(out.begin(), out.end(), item) == out.end()) out.push_back(std::move(item));
  }
}

/// Adds to `needs`: values replace, lists are united.
void read_needs(Reader& r, const Node& n, Needs& needs) {
  const Fields f(r, n, Section::needs);
  if (!r.ok()) return;
  add(f, "nvme", needs.nvme, [&](const Node& v) { return r.texts(v, "nvme"); });
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
  add(f, "symbols", needs.symbols, [&](const Node& v) { return read_symbols(r, v, "symbols"); });
  add(f, "devices", needs.devices, [&](const Node& v) { return read_devices(r, v); });
  add(f, "kernel_args", needs.kernel_args, [&](const Node& v) { return read_kernel_args(r, v); });
  set(f, "memory", needs.memory_mib, [&](const Node& v) { return r.size_mib(v, "memory", false); });
  set(f, "cpus", needs.cpus, [&](const Node& v) { return r.whole(v, "cpus", 1, 64); });
  set(f, "numa_nodes", needs.numa_nodes, [&](const Node& v) { return r.whole(v, "numa_nodes", 1, 8); });
  add(f, "tools", needs.tools, [&](const Node& v) { return read_words(r, v, "tools"); });
}

/// "+", "-" and "0", the first two also with a number of pages.
std::optional<model::ProofPages> read_pages(Reader& r, const Node& n) {
  using Sign = model::ProofPages::Sign;
  const std::string text = r.text(n, "pages");
  if (!r.ok()) return std::nullopt;
  if (text == "0") return model::ProofPages{Sign::balanced, 0};
  model::ProofPages out{text.starts_with('-') ? Sign::over_released : Sign::kept, 0};
  const bool is_signed = text.starts_with('-') || text.starts_with('+');
  const char* end = text.data() + text.size();
  const char* from = is_signed ? text.data() + 1 : end;
  if (is_signed && from == end) return out;
  const auto [stop, ec] = std::from_chars(from, end, out.pages);
  if (ec == std::errc() && stop == end && out.pages > 0) return out;
  r.fail(n, fmt::format("pages: '{}' must be \"+\" or \"-\", also with a number of pages, or \"0\"", text),
         "\"+16\": 16 pages stay pinned; \"-\": more are unpinned than pinned; quote it");
  return std::nullopt;
}

/// A fault that a test must detect. Whether the mutant exists is checked when the proof is run.
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
  set(f, "pages", proof.pages, [&](const Node& v) { return read_pages(r, v); });
  set(f, "event", proof.event, [&](const Node& v) { return r.text(v, "event"); });
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

/// One, or a list: a test with several oracles has a proof for each.
std::vector<model::Proof> read_proofs(Reader& r, const Node& n, const fs::path& project) {
  std::vector<model::Proof> out;
  if (n.kind != Node::Kind::list) return {read_proof(r, n, project)};
  for (const auto& item : r.list(n, "proof")) out.push_back(read_proof(r, item, project));
  return out;
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

std::vector<std::string> read_rows(Reader& r, const Node& n, const std::vector<model::MapRow>& map) {
  auto out = read_words(r, n, "rows");
  for (const auto& item : n.items) check_row(r, item, map);
  return out;
}

}  // namespace

void read_test_keys(Reader& r, const Fields& f, const Project& project, TestSpec& t) {
  set(f, "args", t.args, [&](const Node& v) { return r.texts_or_none(v, "args"); });
  if (const Node* v = f.get("env")) {
    for (auto& [name, value] : read_env(r, *v)) t.env[name] = value;
  }
  set(f, "limit", t.limit_s, [&](const Node& v) { return r.seconds(v, "limit"); });
  if (const Node* v = f.get("limit_plus")) t.limit_plus = read_variable(r, *v, "limit_plus");
  if (const Node* v = f.get("needs")) read_needs(r, *v, t.needs);
  set(f, "destructive", t.destructive, [&](const Node& v) { return r.truth(v, "destructive"); });
  set(f, "pins_vary", t.pins_vary, [&](const Node& v) { return r.truth(v, "pins_vary"); });
  set(f, "known_long", t.known_long, [&](const Node& v) { return r.truth(v, "known_long"); });
  set(f, "what", t.what, [&](const Node& v) { return r.text(v, "what"); });
  set(f, "rows", t.rows, [&](const Node& v) { return read_rows(r, v, project.map); });
  set(f, "proof", t.proofs, [&](const Node& v) { return read_proofs(r, v, project.root); });
  read_enums(r, f, t);
}

}  // namespace pinrig::spec
