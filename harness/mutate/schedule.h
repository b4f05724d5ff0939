// SPDX-License-Identifier: GPL-2.0
// Which tests and cases a mutant is shown to, in which order, and what they say. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/guest.h"
#include "model/verdict.h"

namespace pinrig::mutate {

/// Numbers as the kernel prints them: "1-4,7". Other words are skipped; no number is above `most`.
std::set<int> numbers_of(const std::string& ranges, int most = 8191);
std::string ranges_of(const std::set<int>& numbers);

/// The guests without the tests of `ended`, and with few tests in each: results come soon, all CPUs have
/// something to do, and a run that is interrupted loses little.
std::vector<model::Guest> parts_of(const std::vector<model::Guest>& guests,
                                   const std::set<std::string>& ended);

/// What a case reaches on the kernel with all mutants off.
struct CaseReach {
  std::string name;
  std::set<int> reached;
  double wall_s = 0;
};

/// The cases of a test's output with what they reached: guest-tests/lib/ktap.c prints it. None for programs
/// that do not.
std::vector<CaseReach> reached_by_case(const std::string& output);

/// What the tests do on the kernel with all mutants off.
struct Reference {
  std::vector<model::TestResult> rows;                  ///< tests, each followed by its cases
  std::map<std::string, std::set<int>> reached;         ///< test -> mutants whose places it reaches
  std::map<std::string, std::vector<CaseReach>> cases;  ///< the same for its cases; some tests have none
  std::map<std::string, double> wall_s;                 ///< test -> seconds
};

/// Cases of a test that a mutant is shown to; without any, the whole test.
struct Ask {
  std::string test;
  std::vector<std::string> cases;
  double wall_s = 0;  ///< what they take with all mutants off

  bool operator==(const Ask&) const = default;
};

/// What a mutant is shown to at once.
struct Stage {
  std::size_t guest = 0;  ///< index of the plan's guest
  std::vector<Ask> asks;

  double wall_s() const;
  int cases() const;  ///< a whole test counts as one
};

/// The stages of a mutant: in each guest some seconds of cases that reach it, as different from each other as
/// possible, then in each the others. The first case of a test is always asked: others can need what it
/// makes. Of cases that are alike (the same obligation, reaching the same places of the mutant's file) those
/// come first that reach the fewest places of other files, then the cheapest. At most `budget_s` seconds in
/// all, but each guest's first stage goes on until half of its seconds are used. Only what passes with all
/// mutants off is asked. `near` are the mutants of its file.
std::vector<Stage> stages_for(int mutant, const std::set<int>& near, const Reference& reference,
                              const std::vector<model::Guest>& guests, double budget_s);

/// How many cases reach the mutant and can be asked; a test without cases counts as one.
int reaching(int mutant, const Reference& reference, const std::vector<model::Guest>& guests);

/// What `ask` has to give when no mutant is on: rows of the reference, the test's own without the cases that
/// are not asked.
std::vector<model::TestResult> expected(const Ask& ask, const Reference& reference);

/// The first difference that speaks against the mutant: worse than in the reference, gone, or a failure that
/// the reference does not have; empty when there is none. Rows of other tests do not matter.
std::string noticed(const std::vector<model::TestResult>& expected,
                    const std::vector<model::TestResult>& seen);

/// Every test or case with another verdict, one line each.
std::vector<std::string> differences(const std::vector<model::TestResult>& before,
                                     const std::vector<model::TestResult>& after);

}  // namespace pinrig::mutate
