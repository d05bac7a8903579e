// The corpus: mails of every shape, each beside what another tool or a person says that it is (NAME.expected).
//
// The first line of a mail names its kind and its trait: "X-Trait: malformed; …". A .expected begins with who says so and goes
// on with lines of columns: subject, sender (the first of From), date (RFC 3339; nothing where there is none), text (white space
// collapsed), and a part for each part: depth, type, and for a leaf the SHA-256 of its encoded body, file name and charset.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/bytes.h"
#include "base/clock.h"
#include "transcoders/mime/describe.h"
#include "transcoders/mime/fields.h"
#include "transcoders/mime/rendition.h"
#include "transcoders/mime/scanner.h"

namespace telepost::transcoders::mime {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

struct Mail {
  std::string name;
  std::string bytes;
  std::string kind;
  std::string trait;
  std::string said_by;
  std::map<std::string, std::string> values;  // subject, sender, date, text
  std::string parts;                          // the lines of them
};

Mail read_mail(const fs::path& path) {
  Mail mail;
  mail.name = path.stem().string();
  mail.bytes = read_file(path);
  std::string head = mail.bytes.substr(0, mail.bytes.find('\n', 1));
  head = std::string(trim(head));
  if (const std::size_t trait = to_lower(head).find("trait"); trait != std::string::npos) head = head.substr(trait + 6);
  const std::size_t semicolon = head.find(';');
  mail.kind = std::string(trim(std::string_view(head).substr(0, semicolon)));
  mail.trait = semicolon == std::string::npos ? "" : std::string(trim(std::string_view(head).substr(semicolon + 1)));
  std::istringstream lines(read_file(fs::path(path).replace_extension(".expected")));
  std::getline(lines, mail.said_by);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t tab = std::min(line.find('\t'), line.size() - 1);
    if (line.starts_with("part\t")) mail.parts += line.substr(tab + 1) + "\n";
    else mail.values[line.substr(0, tab)] = line.substr(tab + 1);
  }
  return mail;
}

const std::vector<Mail>& corpus() {
  static const std::vector<Mail> mails = [] {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(TELEPOST_SOURCE_DIR "/tests/unit/corpus/mime")) {
      if (entry.path().extension() == ".eml") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    std::vector<Mail> read;
    for (const fs::path& path : paths) read.push_back(read_mail(path));
    return read;
  }();
  return mails;
}

void outline(const schema::Part& part, int depth, std::string& text) {
  text += std::to_string(depth) + "\t" + part.type;
  if (part.children.empty()) text += "\t" + to_hex(*part.digest) + "\t" + part.filename + "\t" + part.charset;
  text += "\n";
  for (const schema::Part& child : part.children) outline(child, depth + 1, text);
}

std::string collapsed(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank) out.push_back(c);
    else if (!out.empty() && out.back() != ' ') out.push_back(' ');
  }
  return std::string(trim(out));
}

std::string sender_of(const Structure& structure) {
  const std::string* from = find_field(structure.header, "from");
  const std::vector<Mailbox> mailboxes = parse_addresses(from == nullptr ? "" : *from);
  if (mailboxes.empty()) return "";
  const Mailbox& first = mailboxes.front();
  return (first.display_name.empty() ? "" : first.display_name + " ") + "<" + first.address + ">";
}

std::string date_of(const Structure& structure) {
  const std::string* date = find_field(structure.header, "date");
  const Result<Time> time = parse_date(date == nullptr ? "" : *date);
  if (!time.ok()) return "";
  const std::string text = to_rfc3339(*time);  // to the millisecond, which no mail has
  return text.substr(0, 19) + "Z";
}

TEST(MimeCorpus, IsWhatItPromises) {
  std::map<std::string, std::size_t> kinds;
  std::set<std::string> traits;
  std::size_t deep = 0;
  for (const Mail& mail : corpus()) {
    ++kinds[mail.kind];
    EXPECT_FALSE(mail.trait.empty()) << mail.name << " names no trait in its first line";
    EXPECT_TRUE(traits.insert(mail.trait).second) << mail.name << " has the trait of another: " << mail.trait;
    EXPECT_TRUE(mail.said_by.starts_with("# ") && !mail.parts.empty()) << mail.name << " has no .expected";
    for (char depth = '6'; depth <= '9'; ++depth) {
      if (("\n" + mail.parts).find(std::string("\n") + depth + "\t") == std::string::npos) continue;
      ++deep;
      break;
    }
  }
  EXPECT_GE(corpus().size(), 300u);
  EXPECT_GE(kinds["malformed"], 60u);
  EXPECT_GE(kinds["charset"], 40u);
  EXPECT_GE(kinds["nested"], 20u);
  EXPECT_GE(deep, 20u);
  for (const auto& [kind, count] : kinds) {
    EXPECT_TRUE((std::set<std::string>{"plain", "header", "malformed", "charset", "nested"}.contains(kind))) << kind;
  }
}

// A mail with its words taken out: what is left is structure. Names of fields, dates, values of Content-* fields, labels of
// encoded-words, punctuation, line ends, and of eight-bit text its bytes.
std::string skeleton(std::string_view bytes) {
  std::string out(1, std::isalnum(static_cast<unsigned char>(bytes[0])) != 0 ? 'w' : bytes[0]);
  bool header = true;
  bytes.remove_prefix(std::min(bytes.find('\n', 1) + 1, bytes.size()));
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t newline = bytes.find('\n', i);
    const std::string_view line = bytes.substr(i, newline == std::string_view::npos ? newline : newline + 1 - i);
    i += line.size();
    const bool content = starts_with_ignoring_case(line, "content-");
    header = trim(line).empty() ? false : header || content;
    const std::size_t colon = std::min(line.find(':'), line.size());
    const bool whole = content || line.find("=?") != std::string_view::npos || line.starts_with("Date:");
    const std::size_t kept = whole ? line.size() : header ? colon : 0;
    out.append(line.substr(0, kept));
    for (const char c : line.substr(kept)) {
      if (std::isalnum(static_cast<unsigned char>(c)) == 0) out.push_back(c);
      else if (out.back() != 'w') out.push_back('w');
    }
  }
  return out;
}

TEST(MimeCorpus, NoTwoDifferInWordsAlone) {
  std::map<std::string, std::string> seen;
  for (const Mail& mail : corpus()) {
    const auto [other, fresh] = seen.emplace(skeleton(mail.bytes), mail.name);
    EXPECT_TRUE(fresh) << mail.name << " has the structure of " << other->second;
  }
}

TEST(MimeCorpus, HasTheStructureThatOthersSay) {
  for (const Mail& mail : corpus()) {
    std::string parts;
    outline(scan(mail.bytes).root, 0, parts);
    EXPECT_EQ(parts, mail.parts) << mail.name << ": " << mail.trait;
  }
}

TEST(MimeCorpus, HasTheValuesThatOthersSay) {
  for (const Mail& mail : corpus()) {
    Structure structure = scan(mail.bytes);
    std::map<std::string, std::string> values;
    const Result<PlainText> text = plain_text(structure.root, [&](schema::ByteRange range) -> Result<std::string> {
      return mail.bytes.substr(range.offset, range.size);
    });
    ASSERT_TRUE(text.ok()) << mail.name;
    EXPECT_TRUE(is_valid_utf8(text->text)) << mail.name;
    values["text"] = collapsed(text->text);
    values["sender"] = sender_of(structure);
    values["date"] = date_of(structure);
    schema::Document document;
    describe(std::move(structure), document);
    values["subject"] = document.subject;
    for (const auto& [name, value] : mail.values) EXPECT_EQ(values[name], value) << mail.name << ": " << name;
  }
}

// RFC 8621 section 4.1.4: at most 256 characters; the same words as the text begins with.
TEST(MimeCorpus, PreviewsAreTheBeginningOfTheText) {
  for (const Mail& mail : corpus()) {
    const Structure structure = scan(mail.bytes);
    const std::string preview = preview_of(structure.text);
    EXPECT_TRUE(is_valid_utf8(preview) && preview.size() <= kMaxPreviewBytes) << mail.name;
  }
}

}  // namespace
}  // namespace telepost::transcoders::mime
