// SPDX-License-Identifier: GPL-2.0
#include "report/contract.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "report/run_data.h"

namespace pinrig::report {
namespace {

using model::Contract;
using model::ContractCell;
using State = ContractResult::State;

/// What a row says, without its name: "leak: 3 pages".
std::string words_of(const Row& row) {
  const auto& v = row.verdict();
  std::string detail = v.detail.empty() ? reason_of(row) : v.detail;
  if (detail.empty() && !v.diagnostics.empty()) detail = v.diagnostics.front();
  return fmt::format("{}{}", model::to_string(v.verdict), detail.empty() ? "" : ": " + detail);
}

ContractResult result_of(const Row& row) {
  const auto& v = row.verdict();
  if (!row.expected()) return {State::fail, words_of(row)};
  if (is_known_issue(row))
    return {State::known,
            fmt::format("known issue {}: {}", row.assessment->reference, row.assessment->reason)};
  if (v.verdict == model::Verdict::pass) return {State::pass, ""};
  if (v.verdict == model::Verdict::skip) return {State::skip, v.detail};
  return {State::xfail, words_of(row)};
}

/// The test of one user on one kernel.
struct TestFound {
  bool skipped = false;  ///< as a whole
  std::string detail;
  std::map<std::string, ContractResult> cases;
};

/// Column, test: what was found.
using TestsFound = std::map<std::string, std::map<std::string, TestFound>>;

class Collector {
 public:
  Collector(ContractMatrix& out, const KernelChoice& choice) : out_(out), choice_(choice) {
    for (const auto& c : out.cells) {
      auto& user = users_[out.contract.users[c.user].test];
      user.index = c.user;
      if (c.applicable())
        user.cells.insert(
            model::cell_name(out.contract.obligations[c.obligation], out.contract.memory[c.memory]));
    }
  }

  void add(const RunData& data) {
    if (!choice_.base.empty() && data.run.base != choice_.base) return;
    for (const auto& k : data.kernels) {
      if (!is_unpatched(data.run, k.row) || (choice_.arch && k.row.arch != *choice_.arch)) continue;
      for (const TestData* t : k.tests()) add(data.run, k, *t);
    }
  }

  const TestsFound& found() const { return found_; }

 private:
  struct User {
    std::size_t index = 0;
    std::set<std::string> cells;  ///< that apply
  };

  void add(const store::RunRow& run, const KernelData& k, const TestData& t) {
    const auto user = users_.find(t.name());
    if (user == users_.end() || t.row.verdict().verdict == model::Verdict::missing) return;
    if (!t.row.assessment && is_bad(t.row.verdict().verdict)) return;
    const std::string column = note_column(out_.columns, run, k.row.arch, k.release());
    const auto [it, newest] = found_[column].try_emplace(t.name());
    if (newest) add_newest(it->second, t, user->second, column);
    // A run may have asked for some of the cells only: each one has its newest result.
    for (const auto& row : t.cases) it->second.cases.emplace(row.verdict().case_name, result_of(row));
  }

  void add_newest(TestFound& found, const TestData& t, const User& user, const std::string& column) {
    found.skipped = t.row.verdict().verdict == model::Verdict::skip && t.row.expected();
    found.detail = t.row.verdict().detail;
    if (!t.row.expected())
      out_.tests.push_back({user.index, fmt::format("{} on {}: {}", t.name(), column, words_of(t.row))});
    for (const auto& row : t.cases) {
      const std::string& name = row.verdict().case_name;
      // "cases 78 to 114" of a plan that was not met: each of them is not yet.
      const bool ran = row.verdict().verdict != model::Verdict::missing;
      if (ran && !user.cells.contains(name))
        out_.not_declared.push_back({user.index, fmt::format("{}:{} on {}", t.name(), name, column)});
    }
  }

  ContractMatrix& out_;
  const KernelChoice& choice_;
  std::map<std::string, User> users_;  ///< by test
  TestsFound found_;
};

ContractResult lookup(const std::map<std::string, TestFound>& tests, const std::string& test,
                      const std::string& name) {
  const auto t = tests.find(test);
  if (t == tests.end()) return {};
  const auto c = t->second.cases.find(name);
  if (c != t->second.cases.end()) return c->second;
  if (t->second.skipped) return {State::skip, t->second.detail};
  return {};
}

/// The index of the name; nothing for the empty one.
template <typename T>
Result<std::optional<std::size_t>> index_of(const std::vector<T>& list, const std::string& option,
                                            const std::string& name) {
  if (name.empty()) return std::optional<std::size_t>();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].name == name) return std::optional<std::size_t>(i);
    names.push_back(list[i].name);
  }
  return make_error(ErrorKind::bad_usage,
                    fmt::format("{}: the contract has no '{}'{}", option, name, did_you_mean(name, names)),
                    names.empty() ? "guest-tests has no contract" : "known: " + join(names, ", "));
}

}  // namespace

Result<ContractMatrix> contract_matrix(const Contract& contract, const store::Store& store,
                                       const std::vector<store::RunRow>& runs, const KernelChoice& choice) {
  ContractMatrix out;
  out.contract = contract;
  out.cells = model::contract_cells(contract);
  Collector collector(out, choice);
  for (const auto& run : runs) {
    PINRIG_TRY(data, load(store, run));
    collector.add(data);
  }
  sort_columns(out.columns);
  for (const auto& cell : out.cells) {
    auto& results = out.results.emplace_back();
    for (const auto& column : out.columns)
      results.push_back(
          cell.applicable()
              ? lookup(collector.found().at(column.name), contract.users[cell.user].test,
                       model::cell_name(contract.obligations[cell.obligation], contract.memory[cell.memory]))
              : ContractResult{});
  }
  return out;
}

bool ContractView::shows(const ContractCell& cell) const {
  return (!user || *user == cell.user) && (!obligation || *obligation == cell.obligation) &&
         (!memory || *memory == cell.memory);
}

Result<ContractView> contract_view(const Contract& contract, const std::string& user,
                                   const std::string& obligation, const std::string& memory) {
  ContractView view;
  PINRIG_TRY(u, index_of(contract.users, "--user", user));
  PINRIG_TRY(o, index_of(contract.obligations, "--obligation", obligation));
  PINRIG_TRY(m, index_of(contract.memory, "--memory", memory));
  view.user = u;
  view.obligation = o;
  view.memory = m;
  return view;
}

}  // namespace pinrig::report
