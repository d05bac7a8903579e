// DKIM, ARC and SPF against other implementations: dkimpy and Mail::DKIM sign and verify the same messages, pyspf judges the same
// records.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "adapters/smtp/authentication/dkim_sign.h"
#include "adapters/smtp/authentication/message_check.h"
#include "adapters/smtp/authentication/tag_list.h"
#include "base/bytes.h"
#include "tests/support/output_of.h"
#include "tests/unit/dkim_vectors.h"

namespace telepost::adapters::smtp::authentication {
namespace {

namespace fs = std::filesystem;
using test::DnsZone;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void write_file(const fs::path& path, std::string_view bytes) { std::ofstream(path, std::ios::binary) << bytes; }

// Debian's own interpreter, which has Debian's packages.
std::string python(const std::string& arguments) {
  return test::output_of("/usr/bin/python3 -B '" TELEPOST_SOURCE_DIR "/tests/unit/authentication_oracle.py' " + arguments);
}

std::vector<std::vector<std::string>> table_of(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string>& row = rows.emplace_back();
    for (std::size_t at = 0; at <= line.size();) {
      const std::size_t end = std::min(line.find('\t', at), line.size());
      row.push_back(line.substr(at, end - at));
      at = end + 1;
    }
  }
  return rows;
}

class Folder {
 public:
  Folder() : path_(fs::path(testing::TempDir()) / ("authentication_" + std::to_string(getpid()))) { fs::create_directories(path_); }
  ~Folder() { fs::remove_all(path_); }
  fs::path operator/(const std::string& name) const { return path_ / name; }
  std::string quoted() const { return "'" + path_.string() + "'"; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// NAME.pem and NAME.pub.
void make_key(const Folder& folder, const std::string& name, unsigned bits) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(bits), EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> pem(BIO_new_file((folder / (name + ".pem")).c_str(), "w"), BIO_free);
  PEM_write_bio_PrivateKey_traditional(pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);  // what dkimpy reads
  const std::unique_ptr<BIO, decltype(&BIO_free)> pub(BIO_new_file((folder / (name + ".pub")).c_str(), "w"), BIO_free);
  PEM_write_bio_PUBKEY(pub.get(), key.get());
}

DnsZone zone_of(const Folder& folder) {
  DnsZone zone;
  for (const auto& row : table_of(read_file(folder / "zone"))) zone.txt(row.at(0), row.at(1));
  return zone;
}

std::string judged(const std::string& message, DnsZone& zone) {
  return zone.settle([&](DnsAnswers& answers) -> std::optional<std::string> {
    MessageCheck check({.spf = false, .dkim = true, .arc = true, .dmarc = false}, {.envelope = {}, .authserv_id = "mx", .trusted_sealers = {}, .now = {}});
    for (std::size_t at = 0; at < message.size(); at += 1000) check.see(std::string_view(message).substr(at, 1000));
    check.rest();
    if (!check.conclude(answers)) return std::nullopt;
    std::string results;
    for (const DkimVerdict& one : check.dkim()) {
      // What a signature says of octets that it leaves out is a matter of policy.
      const bool holds = one.result == policies::DkimResult::pass || one.unsigned_octets > 0;
      results += (results.empty() ? "" : " ") + std::string(holds ? "pass" : "fail");
    }
    return results + "\t" + std::string(name_of(check.arc()->result));
  });
}

bool is_sealed_by(const std::string& sealer, const std::string& message, DnsZone& zone) {
  return zone.settle([&](DnsAnswers& answers) -> std::optional<bool> {
    MessageCheck check({.spf = false, .dkim = false, .arc = true, .dmarc = false}, {.envelope = {}, .authserv_id = "mx", .trusted_sealers = {sealer}, .now = {}});
    check.see(message);
    check.rest();
    return check.conclude(answers) ? std::optional(check.facts().sealed_by_trusted) : std::nullopt;
  });
}

TEST(AuthenticationOracle, AgreesWithDkimpyOnWhatDkimpySigned) {
  const Folder folder;
  for (const unsigned bits : {1024U, 2048U, 4096U}) make_key(folder, "rsa" + std::to_string(bits), bits);
  python("sign " + folder.quoted());
  DnsZone zone = zone_of(folder);
  std::size_t passed = 0;
  const auto rows = table_of(python("verify " + folder.quoted()));
  for (const auto& row : rows) {
    const std::string ours = judged(read_file(folder / row.at(0)), zone);
    EXPECT_EQ(ours, row.at(1) + "\t" + row.at(2)) << row.at(0);
    passed += ours.starts_with("pass") ? 1 : 0;
  }
  EXPECT_GE(rows.size(), 90U);
  EXPECT_GE(passed, 80U);
  EXPECT_TRUE(is_sealed_by("Example.com", read_file(folder / "arc3.eml"), zone));
  EXPECT_FALSE(is_sealed_by("other.test", read_file(folder / "arc3.eml"), zone));
  EXPECT_FALSE(is_sealed_by("example.com", read_file(folder / "arc_results.eml"), zone));
}

// Whatever the body, both verify what we sign; Debian's Mail::DKIM knows RSA alone.
TEST(AuthenticationOracle, IsVerifiedByDkimpyAndMailDkim) {
  const Folder folder;
  make_key(folder, "rsa2048", 2048);
  const SigningKeys keys({{"example.com", "rsa2048", *PrivateKey::from_pem(read_file(folder / "rsa2048.pem"))},
                          {"example.com", "ed", *PrivateKey::from_pem(test::kEd25519Pem)}});
  std::string zone;
  for (const SigningKey& key : keys.all()) zone += key.selector + "._domainkey.example.com\t" + key_record_of(key) + "\n";
  write_file(folder / "zone", zone);
  const std::string header =
      "Received: from a by b\r\nFrom: Ann  <ann@sub.example.com>\r\nTo: Ben <ben@example.test>,\r\n\tCy <cy@example.test>\r\n"
      "Subject:  a   folded\r\n  subject \t\r\nMessage-ID: <1@example.com>\r\nX-Unsigned: x\r\n\r\n";
  const std::vector<std::string> bodies = {"", "\r\n\r\n", "text\r\n", "text", " a  b\t\r\n\r\nc\r\n \r\n\r\n", std::string(100'000, 'x') + "\r\n",
                                           "gr\xc3\xbc\xc3\x9f" "e\r\n.\r\n..\r\n"};
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    DkimSigner signer(keys, *from_rfc3339("2026-11-20T16:25:30Z"));
    signer.write(header + bodies[i]);
    const Result<std::string> fields = signer.finish();
    ASSERT_TRUE(fields.ok());
    write_file(folder / (std::to_string(i) + ".eml"), *fields + header + bodies[i]);
  }
  const auto by_python = table_of(python("verify " + folder.quoted()));
  const auto by_perl = table_of(test::output_of("perl '" TELEPOST_SOURCE_DIR "/tests/unit/mail_dkim_oracle.pl' " + folder.quoted()));
  ASSERT_EQ(by_python.size(), bodies.size());
  ASSERT_EQ(by_perl.size(), bodies.size());
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    EXPECT_EQ(by_python[i].at(1), "pass pass") << i;
    EXPECT_EQ(by_perl[i].at(1).substr(0, 5), "pass ") << i << ": " << by_perl[i].at(1);
  }
}

// RFC 8601 as authres reads it: what peers chose comes out as it went in.
TEST(AuthenticationOracle, WritesResultsThatAuthresReads) {
  const Folder folder;
  const std::string sender = "o; dkim=pass (x@sender.test";
  write_file(folder / "results",
             authentication_results("mx.example.test",
                                    {{"spf", "softfail", "by (the) record; of=a.test", {{"smtp.mailfrom", sender}}},
                                     {"dkim", "pass", "", {{"header.d", "a.test"}, {"header.i", "@a.test"}, {"header.b", "AuUo/+=="}}},
                                     {"arc", "none", "", {}},
                                     {"dmarc", "fail", "p=reject", {{"header.from", "a.test"}}}},
                                    3));
  EXPECT_EQ(python("results '" + (folder / "results").string() + "'"),
            "mx.example.test\nspf\tsoftfail\tsmtp.mailfrom=" + sender +
                "\ndkim\tpass\theader.d=a.test\theader.i=@a.test\theader.b=AuUo/+==\narc\tnone\ndmarc\tfail\theader.from=a.test\n");
}

DnsZone::Type type_of(const std::string& name) {
  return name == "TXT" ? DnsZone::Type::txt : name == "MX" ? DnsZone::Type::mx : name == "PTR" ? DnsZone::Type::ptr : DnsZone::Type::a;
}

TEST(AuthenticationOracle, AgreesWithPyspfOnGeneratedRecords) {
  DnsZone zone;
  std::string shown;
  std::size_t asked = 0;
  for (const auto& row : table_of(python("spf 7208 1500"))) {
    shown += row.at(1) + " " + row.at(2) + " " + row.at(3) + "\n";
    if (row.at(0) == "record") {
      const DnsZone::Type type = type_of(row.at(1));
      if (row.at(1) == "A" || row.at(1) == "AAAA") zone.address(row.at(2), row.at(3));
      else zone.add(type, row.at(2), row.at(3));
      continue;
    }
    const SpfFacts facts{*ip_address_from(row.at(1)), row.at(3), row.at(2)};
    const SpfVerdict verdict = zone.settle([&](DnsAnswers& answers) { return check_spf(facts, answers); });
    EXPECT_EQ(name_of(verdict.result), row.at(4)) << shown << verdict.reason;
    ++asked;
    zone = {};
    shown.clear();
  }
  EXPECT_EQ(asked, 1500U);
}

}  // namespace
}  // namespace telepost::adapters::smtp::authentication
