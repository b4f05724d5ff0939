// SPDX-License-Identifier: GPL-2.0
// guest-tests/contract/suite.yaml
#include "spec/contract.h"

#include <algorithm>

#include "base/text.h"

namespace pinrig::spec {
namespace {

using model::Contract;
using model::Obligation;
using model::Suite;
using model::TestSpec;

/// The names and texts of `traits` or `memory`.
template <typename T>
std::vector<T> read_names(Reader& r, const Node& n, const std::string& key, Section section) {
  std::vector<T> out;
  for (const auto& item : r.list(n, key)) {
    T t;
    t.where = r.where(item);
    const Fields f(r, item, section);
    if (!r.ok()) break;
    if (const Node* v = f.need("name")) t.name = r.word(*v, "name");
    if (const Node* v = f.need("what")) t.what = r.text(*v, "what");
    if constexpr (requires { t.otherwise; })
      set(f, "otherwise", t.otherwise, [&](const Node& v) { return r.text(v, "otherwise"); });
    const auto same = std::find_if(out.begin(), out.end(), [&](const T& o) { return o.name == t.name; });
    if (r.ok() && same != out.end())
      r.fail(item,
             fmt::format("{}: duplicate '{}'; first defined in line {}", key, t.name, same->where.line));
    out.push_back(std::move(t));
  }
  return out;
}

/// The kinds that `memory:` does not name need a reason, those that it names must not have one. It is the
/// obligation's own for this kind, or the kind's, or that for all `others`.
void check_memory(Reader& r, const Fields& f, const std::vector<std::string>& about, const Contract& contract,
                  const std::string& others, Obligation& o) {
  for (const auto& kind : contract.memory) {
    const bool named = std::find(about.begin(), about.end(), kind.name) != about.end();
    if (named && o.not_memory.contains(kind.name))
      r.fail(f.key_node("not_memory"),
             fmt::format("'{}': 'memory' and 'not_memory' both name '{}'", o.name, kind.name),
             "remove it from one of the two");
    if (named || o.not_memory.contains(kind.name)) continue;
    if (kind.otherwise.empty() && others.empty())
      r.fail(f.key_node("memory"),
             fmt::format("'{}': '{}' is in neither 'memory' nor 'not_memory'", o.name, kind.name),
             "add it to 'memory', or to 'not_memory' with the reason, or give the reason for all `others`");
    o.not_memory[kind.name] = kind.otherwise.empty() ? others : kind.otherwise;
  }
}

Obligation read_obligation(Reader& r, const Node& n, const Contract& contract) {
  Obligation o;
  o.where = r.where(n);
  const Fields f(r, n, Section::contract_obligation);
  if (!r.ok()) return o;
  if (const Node* v = f.need("name")) o.name = r.word(*v, "name");
  if (const Node* v = f.need("what")) o.what = r.text(*v, "what");
  const auto traits = names_of(contract.traits);
  const auto kinds = names_of(contract.memory);
  set(f, "asks", o.asks, [&](const Node& v) { return read_known(r, v, "asks", "trait", traits); });
  set(f, "otherwise", o.otherwise, [&](const Node& v) { return r.text(v, "otherwise"); });
  if (r.ok() && o.asks.empty() != o.otherwise.empty())
    r.fail(
        f.key_node(o.asks.empty() ? "otherwise" : "asks"),
        fmt::format("'{}': '{}' needs '{}'", o.name, o.asks.empty() ? "otherwise" : "asks",
                    o.asks.empty() ? "asks" : "otherwise"),
        "'otherwise' says why the obligation does not apply to a user without the traits that 'asks' names");
  set(f, "not_memory", o.not_memory,
      [&](const Node& v) { return read_reasons(r, v, "not_memory", "kind of memory", kinds); });
  std::string others;
  set(f, "others", others, [&](const Node& v) { return r.text(v, "others"); });
  const Node* about = f.get("memory");
  if (about != nullptr)
    check_memory(r, f, read_known(r, *about, "memory", "kind of memory", kinds), contract, others, o);
  else
    for (const auto& kind : contract.memory) {
      if (!kind.otherwise.empty()) o.not_memory.emplace(kind.name, kind.otherwise);
    }
  if (about == nullptr && r.ok() && !others.empty())
    r.fail(f.key_node("others"), fmt::format("'{}': 'others' needs 'memory'", o.name),
           "it says why the obligation is not about the kinds that 'memory' does not name");
  return o;
}

/// A case has one name and a name is one case, also where a user names an obligation or a case.
void check_names(Reader& r, const Node& list, const Contract& contract) {
  const auto& all = contract.obligations;
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto [it, added] = seen.emplace(all[i].name, i);
    if (!added)
      r.fail(list.items[i], fmt::format("obligations: duplicate '{}'; first defined in line {}", all[i].name,
                                        all[it->second].where.line));
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const auto& kind : contract.memory) {
      const std::string name = model::cell_name(all[i], kind);
      if (seen.emplace(name, i).second) continue;
      r.fail(list.items[i],
             fmt::format("obligations: '{}' with memory '{}' has the name of another obligation or "
                         "case, '{}'",
                         all[i].name, kind.name, name),
             "rename one of them");
    }
  }
}

/// The folder with the adapters; missing files are none.
std::vector<fs::path> adapters(Reader& r, const Node& n, const fs::path& project) {
  const fs::path below = r.text(n, "users");
  if (r.ok() && (below.is_absolute() || below.lexically_normal().string().starts_with("..")))
    r.fail(n, fmt::format("users: '{}' is not a folder below guest-tests", below.string()));
  std::vector<fs::path> out;
  std::error_code ec;
  if (!r.ok()) return out;
  for (const auto& entry : fs::directory_iterator(project / "guest-tests" / below, ec)) {
    if (entry.path().extension() == ".c") out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

void check_known(Reader& r, const Node& n, const std::string& key, const std::string& what,
                 const std::vector<std::string>& known, const std::string& home) {
  const std::string name = r.text(n, key);
  if (!r.ok() || std::find(known.begin(), known.end(), name) != known.end()) return;
  r.fail(n, fmt::format("{}: no {} '{}'{}", key, what, name, did_you_mean(name, known)), home);
}

std::map<std::string, std::string> read_reasons(Reader& r, const Node& n, const std::string& key,
                                                const std::string& what,
                                                const std::vector<std::string>& known) {
  std::map<std::string, std::string> out;
  if (n.kind != Node::Kind::map) {
    r.fail(n, fmt::format("{}: expected a mapping", key), "write {NAME: \"why\"}");
    return out;
  }
  for (std::size_t i = 0; i < n.keys.size() && r.ok(); ++i) {
    check_known(r, n.keys[i], key, what, known, "known: " + join(known, ", "));
    out[n.keys[i].text] = r.text(n.items[i], n.keys[i].text);
  }
  return out;
}

std::vector<std::string> read_known(Reader& r, const Node& n, const std::string& key, const std::string& what,
                                    const std::vector<std::string>& known) {
  std::vector<std::string> out;
  for (const auto& item : r.list(n, key)) {
    check_known(r, item, key, what, known, "known: " + join(known, ", "));
    if (r.ok() && std::find(out.begin(), out.end(), item.text) != out.end())
      r.fail(item, fmt::format("{}: duplicate '{}'", key, item.text));
    out.push_back(item.text);
  }
  return out;
}

bool says_contract(const Node& root) {
  return std::any_of(root.keys.begin(), root.keys.end(), [](const Node& k) { return k.text == "users"; });
}

Contract read_contract(Reader& r, const Fields& f, const Project& project, Suite& suite) {
  Contract contract;
  contract.title = suite.title;
  if (const Node* n = f.need("traits"))
    contract.traits = read_names<model::ContractTrait>(r, *n, "traits", Section::contract_trait);
  if (const Node* n = f.need("memory"))
    contract.memory = read_names<model::MemoryKind>(r, *n, "memory", Section::contract_memory);
  if (const Node* n = f.need("obligations")) {
    for (const auto& item : r.list(*n, "obligations"))
      contract.obligations.push_back(read_obligation(r, item, contract));
    if (r.ok()) check_names(r, *n, contract);
  }
  TestSpec common;
  if (const Node* n = f.get("common")) {
    const Fields keys(r, *n, Section::contract_common);
    read_test_keys(r, keys, project, common);
  }
  const Node* users = f.need("users");
  if (!r.ok()) return contract;
  for (const auto& file : adapters(r, *users, project.root)) {
    TestSpec test = common;
    test.name = test.program = suite.name + "/" + file.stem().string();
    if (auto read = read_user(file, project, contract, test); read.has_error()) {
      r.fail(read.error());
      break;
    }
    suite.tests.push_back(std::move(test));
  }
  return contract;
}

}  // namespace pinrig::spec
