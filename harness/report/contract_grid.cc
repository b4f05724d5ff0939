// SPDX-License-Identifier: GPL-2.0
#include "report/contract_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/text.h"

namespace pinrig::report {
namespace {

using model::ContractCell;
using State = ContractResult::State;
/// The name of a cell's row or column, in the order in which they come.
using Label = std::function<std::string(const ContractCell&)>;

std::string group_of(const std::string& obligation) { return obligation.substr(0, obligation.find('.')); }

std::size_t position(std::vector<std::string>& labels, const std::string& label) {
  const auto it = std::find(labels.begin(), labels.end(), label);
  if (it != labels.end()) return static_cast<std::size_t>(it - labels.begin());
  labels.push_back(label);
  return labels.size() - 1;
}

ContractGrid grid_of(const ContractMatrix& matrix, const ContractView& view, const Label& row,
                     const Label& column) {
  ContractGrid grid;
  for (std::size_t i = 0; i < matrix.cells.size(); ++i) {
    const auto& cell = matrix.cells[i];
    if (!view.shows(cell)) continue;
    const std::size_t r = position(grid.rows, row(cell));
    const std::size_t c = position(grid.columns, column(cell));
    grid.cells.resize(grid.rows.size());
    if (grid.cells[r].size() <= c) grid.cells[r].resize(c + 1);
    grid.cells[r][c].push_back(i);
  }
  for (auto& line : grid.cells) line.resize(grid.columns.size());
  grid.single = view.user || view.obligation || view.memory;
  return grid;
}

void count(ContractCounts& counts, const ContractCell& cell, State state) {
  if (cell.applicable())
    ++counts.by_state[static_cast<std::size_t>(state)];
  else
    ++counts.not_applicable;
}

}  // namespace

std::size_t ContractCounts::applicable() const {
  std::size_t n = 0;
  for (const auto c : by_state) n += c;
  return n;
}

std::string ContractCounts::text() const {
  const std::string xfail =
      of(State::xfail) == 0 ? "" : fmt::format("{} expected to fail, ", of(State::xfail));
  return fmt::format("{}: {} pass, {} fail, {} known issue, {}{} skip, {} not yet, {} not applicable",
                     count_of(applicable(), "cell"), of(State::pass), of(State::fail), of(State::known),
                     xfail, of(State::skip), of(State::not_yet), not_applicable);
}

ContractGrid contract_grid(const ContractMatrix& matrix, const ContractView& view, ContractColumns columns) {
  const auto& contract = matrix.contract;
  const Label user = [&](const ContractCell& c) { return contract.users[c.user].name; };
  const Label obligation = [&](const ContractCell& c) { return contract.obligations[c.obligation].name; };
  const Label group = [&](const ContractCell& c) { return group_of(obligation(c)); };
  const Label memory = [&](const ContractCell& c) { return contract.memory[c.memory].name; };
  if (view.user) return grid_of(matrix, view, obligation, memory);
  if (view.obligation) return grid_of(matrix, view, user, memory);
  const bool whole = view.memory || columns == ContractColumns::obligations;
  return grid_of(matrix, view, user, whole ? obligation : group);
}

ContractResult folded(const ContractMatrix& matrix, std::size_t cell) {
  ContractResult out;
  for (std::size_t c = 0; c < matrix.columns.size(); ++c) {
    const auto& result = matrix.results[cell][c];
    if (result.state <= out.state) continue;
    out = result;
    if (matrix.columns.size() > 1 && !out.note.empty()) out.note = matrix.columns[c].name + ": " + out.note;
  }
  return out;
}

std::string not_applicable_text(const ContractMatrix& matrix, const ContractCell& cell) {
  const bool by_user = cell.applies == ContractCell::Applies::not_by_user ||
                       cell.applies == ContractCell::Applies::not_for_memory;
  return by_user ? matrix.contract.users[cell.user].name + ": " + cell.reason : cell.reason;
}

ContractCounts counts_of(const ContractMatrix& matrix, const std::vector<std::size_t>& cells) {
  ContractCounts out;
  for (const auto i : cells) count(out, matrix.cells[i], folded(matrix, i).state);
  return out;
}

std::vector<std::string> texts_of(const std::vector<ContractRemark>& remarks, const ContractView& view) {
  std::vector<std::string> out;
  for (const auto& r : remarks) {
    if (!view.user || *view.user == r.user) out.push_back(r.text);
  }
  return out;
}

std::vector<ContractTotal> totals_of(const ContractMatrix& matrix, const ContractView& view) {
  std::vector<ContractTotal> out;
  for (const auto& c : matrix.columns) out.push_back({c.name, {}});
  if (out.empty()) out.emplace_back();
  for (std::size_t i = 0; i < matrix.cells.size(); ++i) {
    if (!view.shows(matrix.cells[i])) continue;
    for (std::size_t c = 0; c < out.size(); ++c)
      count(out[c].counts, matrix.cells[i],
            matrix.columns.empty() ? State::not_yet : matrix.results[i][c].state);
  }
  return out;
}

char letter_of(State s) {
  switch (s) {
    case State::not_yet:
      return '?';
    case State::skip:
      return 's';
    case State::xfail:
      return 'x';
    case State::known:
      return 'k';
    case State::fail:
      return 'F';
    case State::pass:
      break;
  }
  return ' ';
}

const char* word_of(State s) {
  switch (s) {
    case State::not_yet:
      return "not_yet";
    case State::skip:
      return "skip";
    case State::pass:
      return "pass";
    case State::xfail:
      return "xfail";
    case State::known:
      return "known_issue";
    case State::fail:
      return "fail";
  }
  return "?";
}

std::string full_name(const model::Contract& contract, const ContractCell& cell) {
  return fmt::format("{}:{}", contract.users[cell.user].test,
                     model::cell_name(contract.obligations[cell.obligation], contract.memory[cell.memory]));
}

}  // namespace pinrig::report
