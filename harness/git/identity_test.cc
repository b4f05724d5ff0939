// SPDX-License-Identifier: GPL-2.0
#include "git/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "git/mail_text.h"

namespace pinrig::git {
namespace {

using ::testing::ElementsAre;

std::string mail(const std::string& subject, const std::string& id, const std::string& body = "why\n") {
  return "From a@b Mon Sep 17 00:00:00 2001\nFrom: A <a@example.org>\nSubject: " + subject +
         "\nMessage-ID: <" + id + ">\n\n" + body + "\n";
}

RawSeries thread(const std::string& text) {
  RawSeries raw;
  raw.files = {{"t.mbox", text, 1}};
  return raw;
}

TEST(Identity, IsWhatTheNewestMailsSay) {
  const auto id = identity_of(
      thread(mail("[PATCH v2 0/2] mm: pins", "c2@x", "text\nchange-id: 20260101-pins-12\n") +
             mail("[PATCH 1/2] mm: one", "old@x") + mail("[PATCH v2 1/2] mm: one", "p1@x") +
             mail("Re: [PATCH v2 1/2] mm: one", "re@x") + mail("[PATCH v2 2/2] mm:\n two", "p2@x")),
      {"mm: one", "mm: two"});
  EXPECT_EQ(id.version, 2);
  EXPECT_EQ(id.message_id, "c2@x");
  EXPECT_EQ(id.change_id, "20260101-pins-12");
  EXPECT_THAT(id.message_ids, ElementsAre("p1@x", "p2@x"));
}

TEST(MessageId, IsFoundAlsoOnAContinuationLine) {
  EXPECT_EQ(message_id_of("From: a\nMessage-Id:\n <1.2@x>\nSubject: s\n\nMessage-ID: <body@x>\n"), "1.2@x");
  EXPECT_EQ(message_id_of("From: a\n\nMessage-ID: <body@x>\n"), "");
}

TEST(Identity, WithoutChangeIdIsThatOfTheSubjectInAnyVersion) {
  const auto id = [](const std::string& subject) {
    return identity_of(thread(mail(subject, "c@x")), {"mm: one"}).change_id;
  };
  EXPECT_EQ(id("[PATCH v7 0/1] mm: Pins"), id("[PATCH v8 0/1] mm: pins"));
  EXPECT_NE(id("[PATCH v7 0/1] mm: pins"), id("[PATCH v7 0/1] mm: other"));
}

TEST(Identity, OfCommitsHasNoMails) {
  RawSeries raw;
  raw.commits = {{.commit = "c1",
                  .parent = "",
                  .tree = "",
                  .parent_tree = "",
                  .author = "",
                  .subject = "one",
                  .message = "one\n\nbase-commit: 1234\n"}};
  const auto id = identity_of(raw, {"one"});
  EXPECT_EQ(id.version, 1);
  EXPECT_EQ(id.message_id, "");
  EXPECT_THAT(id.message_ids, ElementsAre(""));
  EXPECT_THAT(trailers_of(raw, "base-commit"), ElementsAre("1234"));
}

}  // namespace
}  // namespace pinrig::git
