// SPDX-License-Identifier: GPL-2.0
// What every user of pinned pages owes to every kind of memory: users x obligations x memory.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/kernel.h"

namespace pinrig::model {

/// A word that a user says of itself, and that obligations ask for: "in".
struct ContractTrait {
  std::string name;
  std::string what;
  SourceLocation where;
};

/// A kind of memory that is pinned: "thp".
struct MemoryKind {
  std::string name;
  std::string what;
  std::string otherwise;  ///< why an obligation that does not name it is not about it; may be empty
  SourceLocation where;
};

/// Something that has to be true of every user of pins: "pages.in".
struct Obligation {
  std::string name;
  std::string what;
  std::vector<std::string> asks;                  ///< traits without which it does not apply to a user
  std::string otherwise;                          ///< why it does not; empty when `asks` is
  std::map<std::string, std::string> not_memory;  ///< kinds that it is not about -> why
  SourceLocation where;
};

/// A part of the kernel that pins, as its adapter in guest-tests/lib/users describes it.
struct ContractUser {
  std::string name;  ///< "bdev"
  std::string test;  ///< that asks it everything: "contract/bdev"
  std::string what;
  std::vector<std::string> rows;  ///< of guest-tests/map.yaml
  std::vector<std::string> traits;
  std::map<std::string, std::string> not_obligations;  ///< that cannot be asked of it -> why
  std::map<std::string, std::string> not_cells;        ///< cell_name() -> why
  std::map<std::string, std::string> not_memory;       ///< kinds that it cannot take -> why
  SourceLocation where;
};

/// Empty lists when the project has no contract.
struct Contract {
  std::string title;
  std::vector<ContractTrait> traits;
  std::vector<MemoryKind> memory;
  std::vector<Obligation> obligations;
  std::vector<ContractUser> users;
};

/// One user, one obligation, one kind of memory, by their indices in the contract.
struct ContractCell {
  /// Whether the user's test has a case for it, otherwise what rules it out.
  enum class Applies {
    yes,
    no_trait,        ///< the obligation asks for a trait that the user lacks
    no_memory,       ///< the obligation is not about this kind of memory
    not_by_user,     ///< the user cannot be asked for this obligation, or not with this memory
    not_for_memory,  ///< the user cannot take this kind of memory
  };
  std::size_t user = 0;
  std::size_t obligation = 0;
  std::size_t memory = 0;
  Applies applies = Applies::yes;
  std::string reason;  ///< why it does not apply; empty when it does

  bool applicable() const { return applies == Applies::yes; }
};

/// The name of its case: "pages.in.thp". Nothing takes it apart: names are made from the lists and looked up.
std::string cell_name(const Obligation& obligation, const MemoryKind& memory);

/// Every cell: users, in them obligations, in them kinds of memory, in the order of the contract. What the
/// obligation says comes before what the user says.
std::vector<ContractCell> contract_cells(const Contract& contract);

}  // namespace pinrig::model
