// However the network cuts a message, the scanner says the same; and what it says while the message arrives holds.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>

#include "transcoders/mime/scanner.h"

namespace telepost::transcoders::mime {
namespace {

struct Scanned {
  Structure structure;
  std::vector<Stretch> stretches;
  bool operator==(const Scanned&) const = default;
};

template <typename NextSize>
Scanned scan_in_chunks(std::string_view source, NextSize next_size) {
  Scanner scanner;
  Scanned scanned;
  for (std::size_t at = 0; at < source.size();) {
    const std::string chunk(source.substr(at, next_size()));  // a copy: nothing may point into it afterwards
    scanner.feed(chunk);
    at += chunk.size();
    for (const Stretch& stretch : scanner.take_stretches()) scanned.stretches.push_back(stretch);
  }
  scanned.structure = scanner.finish();
  for (const Stretch& stretch : scanner.take_stretches()) scanned.stretches.push_back(stretch);
  return scanned;
}

std::vector<std::string> sample_messages() {
  std::vector<std::string> messages;
  for (const auto& entry : std::filesystem::directory_iterator(TELEPOST_SOURCE_DIR "/tests/unit/corpus/mime")) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    messages.push_back(bytes.str());
  }
  const std::string multipart = "Content-Type: multipart/mixed; boundary=x\r\n\r\n";
  for (const char* body : {"",
                           "\r",
                           "\n",
                           "\r\n",
                           "--x",
                           "--x--",
                           "--x\r",
                           "--x\r\n--x",
                           "--x\r\n\r\n\r\n\r\n--x--",
                           "-",
                           "--",
                           "--x\r\n\r\na\r\r\n--x--",
                           "--x\r\n\r\na\r--x\r\n--x--\r\n",
                           "--x\n\na\n\r\n--x--\n\n",
                           "--x\r\n\r\n\n--x",
                           "--x\r\na\r\n\r\nb\r\n--x--",
                           "--x\r\nA: b\r\n--x\r\n\r\n\r\n--x--",
                           "--x\r\n\r\n--\r\n---x\r\n-\r\n--x--",
                           "--x\r\nContent-Type: message/rfc822\r\n--x--",
                           "--x\r\nContent-Type: message/rfc822\r\n\r\n--x--",
                           "--x\r\nContent-Type: message/rfc822\r\n\r\nno field\r\n--x--",
                           "pre\r\n--x--\r\nstill preamble"}) {
    messages.push_back(multipart + body);
    messages.push_back(std::string("A: b\r\n") + body);
    messages.push_back(body);
  }
  messages.push_back(multipart + "--x\r\n\r\n--" + std::string(3000, 'x') + "\r\n--x--");
  messages.push_back(multipart + "--x\r\n\r\n--x" + std::string(998, ' ') + "\r\n--x--");
  messages.push_back(multipart + "--x\r\nLong: " + std::string(3000, 'y') + "\r\n " + std::string(1001, 'z') +
                     "\r\n\r\nb\r\n--x--");
  messages.push_back("Long:" + std::string(70000, 'y') + "\r\nContent-Type: text/html\r\n\r\nb");
  messages.push_back(std::string(5000, 'n') + "\r\nbody");
  messages.push_back(multipart + "--x\r\n" + std::string(1001, 'n') + "\r\r\n--x--");
  return messages;
}

TEST(MimeChunks, GivesTheSameForEveryWayToCutTheMessage) {
  std::mt19937 random(1);
  for (const std::string& message : sample_messages()) {
    const Scanned whole = scan_in_chunks(message, [&] { return message.size(); });
    EXPECT_EQ(scan_in_chunks(message, [] { return std::size_t{1}; }), whole) << message;
    for (const std::size_t most : {2u, 3u, 7u, 50u, 1500u}) {
      EXPECT_EQ(scan_in_chunks(message, [&] { return 1 + random() % most; }), whole) << message;
    }
  }
}

TEST(MimeChunks, GivesTheSameForEverySingleCut) {
  for (const std::string& message : sample_messages()) {
    if (message.size() > 600) continue;
    const Scanned whole = scan_in_chunks(message, [&] { return message.size(); });
    for (std::size_t cut = 1; cut < message.size(); ++cut) {
      bool first = true;
      const auto next = [&] { return std::exchange(first, false) ? cut : message.size(); };
      ASSERT_EQ(scan_in_chunks(message, next), whole) << message << "\ncut at " << cut;
    }
  }
}

TEST(MimeChunks, StretchesCoverTheSourceAndEachLeafBodyIsOne) {
  for (const std::string& message : sample_messages()) {
    const Scanned scanned = scan_in_chunks(message, [&] { return message.size(); });
    std::uint64_t from = 0;
    std::vector<schema::ByteRange> leaves;
    for (const Stretch& stretch : scanned.stretches) {
      EXPECT_EQ(stretch.range.offset, from);
      from = stretch.range.end();
      if (stretch.leaf) leaves.push_back(stretch.range);
    }
    EXPECT_EQ(from, message.size());
    std::vector<schema::ByteRange> expected;
    const std::function<void(const schema::Part&)> collect = [&](const schema::Part& part) {
      if (part.children.empty() && part.body.size > 0) expected.push_back(part.body);
      for (const schema::Part& child : part.children) collect(child);
    };
    collect(scanned.structure.root);
    EXPECT_EQ(leaves, expected) << message;
  }
}

TEST(MimeChunks, OpenLeafIsSafeUpToThePossibleDelimiter) {
  Scanner scanner;
  scanner.feed("Content-Type: multipart/mixed; boundary=xyz\r\n\r\n--xyz\r\n\r\n");
  const std::uint64_t begin = scanner.size_bytes();
  scanner.feed("body line\r\n");
  EXPECT_TRUE(scanner.open_stretch().leaf);
  EXPECT_EQ(scanner.open_stretch().begin, begin);
  EXPECT_EQ(scanner.open_stretch().safe_end, begin + 9);
  scanner.feed("--xy");
  EXPECT_EQ(scanner.open_stretch().safe_end, begin + 9);
  scanner.feed("q");  // still a line that could end as a delimiter does not; it is decided at its end
  scanner.feed("\r\nx");
  EXPECT_EQ(scanner.open_stretch().safe_end, begin + 9 + 2 + 5 + 2 + 1);
  scanner.feed("\r\n--xyz--\r\n");
  EXPECT_FALSE(scanner.open_stretch().leaf);
  EXPECT_EQ(scanner.finish().root.children[0].body, (schema::ByteRange{begin, 9 + 2 + 5 + 2 + 1}));
}

TEST(MimeChunks, BodyOfASinglePartIsSafeToItsEnd) {
  Scanner scanner;
  scanner.feed("A: b\r\n\r\nline\r\n");
  EXPECT_EQ(scanner.open_stretch().begin, 8u);
  EXPECT_EQ(scanner.open_stretch().safe_end, 14u);
}

TEST(MimeChunks, ManyDashesWithoutALineEndStayBounded) {
  Scanner scanner;
  scanner.feed("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n");
  for (int i = 0; i < 10000; ++i) {
    scanner.feed("--------------------");
    ASSERT_LE(scanner.size_bytes() - scanner.open_stretch().safe_end, 1004u);
  }
}

}  // namespace
}  // namespace telepost::transcoders::mime
