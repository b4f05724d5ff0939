// SPDX-License-Identifier: GPL-2.0
#include "model/contract.h"

#include <algorithm>

namespace pinrig::model {
namespace {

using Applies = ContractCell::Applies;
using Reasons = std::map<std::string, std::string>;

bool has_all(const std::vector<std::string>& traits, const std::vector<std::string>& asked) {
  return std::all_of(asked.begin(), asked.end(), [&](const std::string& t) {
    return std::find(traits.begin(), traits.end(), t) != traits.end();
  });
}

/// True, and the cell says so, when `reasons` rule it out.
bool ruled_out(ContractCell& cell, const Reasons& reasons, const std::string& name, Applies how) {
  const auto it = reasons.find(name);
  if (it == reasons.end()) return false;
  cell.applies = how;
  cell.reason = it->second;
  return true;
}

void judge(ContractCell& cell, const ContractUser& u, const Obligation& o, const MemoryKind& m) {
  if (!has_all(u.traits, o.asks)) {
    cell.applies = Applies::no_trait;
    cell.reason = o.otherwise;
    return;
  }
  if (ruled_out(cell, o.not_memory, m.name, Applies::no_memory)) return;
  if (ruled_out(cell, u.not_memory, m.name, Applies::not_for_memory)) return;
  if (ruled_out(cell, u.not_obligations, o.name, Applies::not_by_user)) return;
  ruled_out(cell, u.not_cells, cell_name(o, m), Applies::not_by_user);
}

}  // namespace

std::string cell_name(const Obligation& obligation, const MemoryKind& memory) {
  return obligation.name + "." + memory.name;
}

std::vector<ContractCell> contract_cells(const Contract& contract) {
  std::vector<ContractCell> out;
  out.reserve(contract.users.size() * contract.obligations.size() * contract.memory.size());
  for (std::size_t u = 0; u < contract.users.size(); ++u) {
    for (std::size_t o = 0; o < contract.obligations.size(); ++o) {
      for (std::size_t m = 0; m < contract.memory.size(); ++m) {
        ContractCell& cell = out.emplace_back();
        cell.user = u;
        cell.obligation = o;
        cell.memory = m;
        judge(cell, contract.users[u], contract.obligations[o], contract.memory[m]);
      }
    }
  }
  return out;
}

}  // namespace pinrig::model
