#include "adapters/smtp/authentication/dkim_canonical.h"

#include <gtest/gtest.h>

#include <random>

#include "base/bytes.h"

namespace telepost::adapters::smtp::authentication {
namespace {

std::string hash_of(std::string_view body, Canonical canonical, std::size_t chunk, std::optional<std::uint64_t> length = {}) {
  BodyHash hash(canonical, length);
  for (std::size_t at = 0; at < body.size(); at += chunk) hash.update(body.substr(at, chunk));
  return to_base64(hash.finish().digest.view());
}
std::string sha256_of(std::string_view bytes) { return to_base64(sha256(bytes).view()); }

// RFC 6376 section 3.4.5.
TEST(DkimCanonical, MakesOfTheRfcsExampleWhatTheRfcSays) {
  const HeaderField a = header_field_from("A: X\r\n");
  const HeaderField b = header_field_from("B : Y\t\r\n\tZ  \r\n");
  EXPECT_EQ(canonical_field(a, Canonical::relaxed) + canonical_field(b, Canonical::relaxed), "a:X\r\nb:Y Z\r\n");
  EXPECT_EQ(canonical_field(b, Canonical::simple), "B : Y\t\r\n\tZ  \r\n");
  const std::string_view body = " C \r\nD \t E\r\n\r\n\r\n";
  for (std::size_t chunk = 1; chunk <= body.size(); ++chunk) {
    EXPECT_EQ(hash_of(body, Canonical::relaxed, chunk), sha256_of(" C\r\nD E\r\n")) << chunk;
    EXPECT_EQ(hash_of(body, Canonical::simple, chunk), sha256_of(" C \r\nD \t E\r\n")) << chunk;
  }
}

// Sections 3.4.3 and 3.4.4 give the hashes of an empty body.
TEST(DkimCanonical, TakesAnEmptyBodyForOneLineEndOrForNothing) {
  EXPECT_EQ(hash_of("", Canonical::simple, 1), "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
  EXPECT_EQ(hash_of("", Canonical::relaxed, 1), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  EXPECT_EQ(hash_of("\r\n \t\r\n", Canonical::relaxed, 1), sha256_of(""));
  EXPECT_EQ(hash_of("\r\n\r\n", Canonical::simple, 1), sha256_of("\r\n"));
}

TEST(DkimCanonical, AddsTheLastLineEndThatIsMissing) {
  EXPECT_EQ(hash_of("a", Canonical::simple, 1), sha256_of("a\r\n"));
  EXPECT_EQ(hash_of("a \t", Canonical::relaxed, 1), sha256_of("a\r\n"));
}

TEST(DkimCanonical, KeepsACarriageReturnThatEndsNoLine) {
  EXPECT_EQ(hash_of("a \rb\r\r\nc\r", Canonical::relaxed, 1), sha256_of("a \rb\r\r\nc\r\r\n"));
}

TEST(DkimCanonical, HashesNoMoreThanTheLength) {
  const std::string body = "0123456789\r\n\r\nabc\r\n";
  for (std::size_t length = 0; length <= body.size(); ++length) {
    EXPECT_EQ(hash_of(body, Canonical::simple, 3, length), sha256_of(std::string_view(body).substr(0, length))) << length;
  }
  BodyHash hash(Canonical::simple, 4);
  hash.update(body);
  EXPECT_EQ(hash.finish().size_bytes, body.size());
}

// Line by line, as the RFC words it.
std::string model_of_relaxed(const std::string& body) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = std::min(body.find("\r\n", at), body.size());
    std::string line;
    for (const char c : body.substr(at, end - at)) {
      const bool blank = c == ' ' || c == '\t';
      if (!(blank && !line.empty() && line.back() == ' ')) line.push_back(blank ? ' ' : c);
    }
    if (!line.empty() && line.back() == ' ') line.pop_back();
    lines.push_back(line);
    at = end + 2;
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  std::string text;
  for (const std::string& line : lines) text += line + "\r\n";
  return text;
}

TEST(DkimCanonical, AgreesWithAModelHoweverTheBodyIsCut) {
  std::mt19937 random(6376);
  const std::vector<std::string> parts = {" ", "\t", "\r\n", "a", "bc", "\r\n\r\n", "\r\n \r\n"};
  for (int round = 0; round < 2000; ++round) {
    std::string body;
    for (auto i = random() % 20; i > 0; --i) body += parts[random() % parts.size()];
    EXPECT_EQ(hash_of(body, Canonical::relaxed, 1 + random() % 7), sha256_of(model_of_relaxed(body))) << to_hex(body);
  }
}

TEST(DkimCanonical, HashesALargeBodyInLittleMemory) {
  std::string body;
  for (int i = 0; i < 100'000; ++i) body += std::string(static_cast<std::size_t>(i % 97), 'x') + "  y\r\n";
  EXPECT_EQ(hash_of(body, Canonical::simple, 100'000), sha256_of(body));
  EXPECT_EQ(hash_of(body, Canonical::relaxed, 65'537), sha256_of(model_of_relaxed(body)));
}

// Section 3.7: the value of b= is left out, with the white space around it; bh= and other tags stay.
TEST(DkimCanonical, LeavesOutTheSignatureItselfAndNothingElse) {
  const HeaderField field = header_field_from("DKIM-Signature: v=1; bh=b; \r\n b\t= abc\r\n def ; h=b\r\n");
  EXPECT_EQ(canonical_signature_field(field, Canonical::simple), "DKIM-Signature: v=1; bh=b; \r\n b\t=; h=b");
  EXPECT_EQ(canonical_signature_field(field, Canonical::relaxed), "dkim-signature:v=1; bh=b; b =; h=b");
}

}  // namespace
}  // namespace telepost::adapters::smtp::authentication
