// SPDX-License-Identifier: GPL-2.0
#include "git/mailbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace pinrig::git {
namespace {

using ::testing::HasSubstr;

const std::string kFrom = "From x Mon Sep 17 00:00:00 2001\n";
const std::string kDiff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n-- \n2.39.5\n\n";
const std::string kMark = "\xef\xbb\xbf";

std::string head(int n) {
  return "From: A <a@example.org>\nDate: Mon, 1 Jan\nSubject: [PATCH " + std::to_string(n) + "/2] x\n";
}
std::string mail(int n) { return head(n) + "\nWhy.\n---\n" + kDiff; }

/// The subjects of the mails; "?" for a text without one.
std::string parts(const std::string& text) {
  const auto mails = split_mailbox(text, "f");
  if (mails.has_error()) return mails.error().message;
  std::string out;
  for (const auto& m : *mails) {
    const auto at = m.find("Subject: ");
    out += at == std::string::npos ? "?" : m.substr(at + 9, m.find('\n', at) - at - 9);
    out += is_mail(m) ? "|" : "(no mail)|";
  }
  return out;
}

TEST(Mailbox, TwoMailsHoweverTheyWerePutTogether) {
  const std::string undated = "From x@example.org\n";
  const std::string encoded = head(1) + "MIME-Version: 1.0\n\nZGlmZg==\n\n";
  const struct {
    const char* what;
    std::string text;
  } cases[] = {
      {"mbox", kFrom + mail(1) + kFrom + mail(2)},
      {"mark on each", kMark + kFrom + mail(1) + kMark + kFrom + mail(2)},
      {"mark on each, no From lines", kMark + mail(1) + kMark + mail(2)},
      {"quoted From lines", ">" + kFrom + mail(1) + ">" + kFrom + mail(2)},
      {"only the second is quoted", kFrom + mail(1) + ">" + kFrom + mail(2)},
      {"From lines without a date", undated + mail(1) + undated + mail(2)},
      {"only the second without a date", kFrom + mail(1) + undated + mail(2)},
      {"joined", mail(1) + mail(2)},
      {"joined, encoded", encoded + head(2) + "MIME-Version: 1.0\n\nZGlmZg==\n"},
      {"empty lines first", "\n \n" + kFrom + mail(1) + kFrom + mail(2)},
      {"prose first", "two patches:\n\n" + kFrom + mail(1) + kFrom + mail(2)},
      {"of Mozilla", "From - Sun Nov 29 17:29:55 2026\n" + mail(1) + kFrom + mail(2)},
      {"no empty line at the end",
       kFrom + head(1) + "\n" + kDiff.substr(0, kDiff.size() - 1) + kFrom + mail(2)},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(parts(c.text), "[PATCH 1/2] x|[PATCH 2/2] x|") << c.what;
    std::string dos;
    for (const auto line : lines(c.text)) dos.append(line).append("\r\n");
    std::string unix_parts = parts(dos);
    std::erase(unix_parts, '\r');
    EXPECT_EQ(unix_parts, "[PATCH 1/2] x|[PATCH 2/2] x|") << c.what << " with CR";
  }
}

TEST(Mailbox, OneMailStaysOne) {
  const std::string one = "[PATCH 1/2] x|";
  EXPECT_EQ(parts(mail(1)), one);
  EXPECT_EQ(parts(kFrom + mail(1)), one);
  EXPECT_EQ(parts(kFrom + head(1) + "\nFrom the start it was wrong.\n" + kFrom + "---\n" + kDiff), one);
  EXPECT_EQ(parts(head(1) + "\nFrom: B <b@example.org>\nSubject: in the body\n\nWhy.\n---\n" + kDiff), one);
  EXPECT_EQ(parts(head(1) + "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n" + head(2) +
                  "Message-Id: <1>\n\n--b--\n"),
            one)
      << "an attached mail";
  EXPECT_EQ(parts(head(1) + "\n---\n" + kDiff.substr(0, kDiff.size() - 11) + "+From: A\n+Subject: b\n+\n"),
            one)
      << "lines of the diff";
  EXPECT_EQ(parts(kDiff), "?(no mail)|");
  EXPECT_EQ(parts("some words\n"), "?(no mail)|");
}

TEST(Mailbox, QuotedLinesOfABodyAreUnquoted) {
  const auto mails = split_mailbox(kFrom + head(1) + "\n>From here\n>>From there\n" + kFrom + mail(2), "f");
  ASSERT_TRUE(mails.has_value());
  ASSERT_EQ(mails->size(), 2U);
  EXPECT_THAT(mails->front(), HasSubstr("\nFrom here\n>From there\n"));
}

TEST(Mailbox, ADiffBeforeTheFirstMailIsRefused) {
  EXPECT_EQ(parts(kDiff + kFrom + mail(1)), "f: a diff comes before the first mail");
}

TEST(Mailbox, SecondPatches) {
  const std::string id(40, 'a');
  EXPECT_EQ(second_patch(kDiff), "");
  EXPECT_EQ(second_patch(kDiff + kDiff), "");
  EXPECT_EQ(second_patch(kDiff + "commit " + id + " (HEAD -> x)\nAuthor: A\n\n    s\n\n" + kDiff),
            "a second commit");
  EXPECT_EQ(second_patch(kDiff + "commit " + id + "\nMerge: a b\n"), "a second commit");
  EXPECT_EQ(second_patch(kDiff + "3e029cd mm: x\n" + kDiff), "a second commit");
  EXPECT_EQ(second_patch(kDiff + "# HG changeset patch\n"), "a second commit");
  EXPECT_EQ(second_patch(kDiff + "2.39.5" + mail(2)), "a second mail");
  EXPECT_EQ(second_patch(kDiff + "From: A\n\nSubject: [PATCH 2/2] x\n" + kDiff), "a second mail");
  EXPECT_EQ(second_patch(kDiff + "commit " + id + " upstream.\n"), "");
}

}  // namespace
}  // namespace pinrig::git
