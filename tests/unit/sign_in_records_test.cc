// What is kept of sign-ins, as it lies on disk: these bytes were written once and must be read for ever.
#include "schema/sign_in_records.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "schema/app_password.h"

namespace telepost::schema {
namespace {

const std::string kDigestOf1 = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";  // sha256("1")

TEST(Records, ASecondFactorOfVersion1IsReadAndWritten) {
  SecondFactorRecord record;
  record.box = "x";
  record.created = from_millis(1);
  record.is_on = true;
  record.last_step = 5;
  record.recovery = {sha256("1")};
  // box, created, on, last step, one recovery code; since failures are counted those, and when the next code is looked at
  const std::string before = "01" "0178" "0000000000000001" "01" "05" "01" + kDigestOf1;
  EXPECT_EQ(decode_SecondFactorRecord(*from_hex(before)).value(), record);
  EXPECT_EQ(to_hex(encode(record)), before + "00" "0000000000000000");
  record.failures = 6;
  record.retry_at = from_millis(2);
  const std::string golden = before + "06" "0000000000000002";
  EXPECT_EQ(to_hex(encode(record)), golden);
  EXPECT_EQ(decode_SecondFactorRecord(*from_hex(golden)).value(), record);
  EXPECT_FALSE(decode_SecondFactorRecord(*from_hex(before + "06")).ok());
  EXPECT_FALSE(decode_SecondFactorRecord(*from_hex(before + "8002" "0000000000000002")).ok()) << "256 failures";
  EXPECT_FALSE(decode_SecondFactorRecord(encode(record) + "x").ok());
  EXPECT_FALSE(decode_SecondFactorRecord(encode(record).substr(0, 20)).ok());
}

TEST(Records, ATokenOfVersion1IsReadAndWritten) {
  TokenRecord record;
  record.kind = TokenKind::refresh;
  record.number = 7;
  record.family = 6;
  record.scopes = {Scope::mail, Scope::send};
  record.client = "c";
  record.label = "l";
  record.created = from_millis(1);
  record.expires = from_millis(2);
  record.used = from_millis(3);
  record.peer = "p";
  record.redirect = "r";
  record.challenge = "h";
  record.due = from_millis(4);
  record.secret = sha256("1");
  // kind, number, family, scopes, client, label, created, expires, used, peer, redirect, challenge, spent, due; of a refresh token its hash
  const std::string head = "07" "06" "03" "0163" "016c" "0000000000000001" "0000000000000002" "0000000000000003" "0170" "0172" "0168";
  const std::string golden = "01" "03" + head + "00" "0000000000000004" + kDigestOf1;
  EXPECT_EQ(to_hex(encode(record)), golden);
  EXPECT_EQ(decode_TokenRecord(*from_hex(golden)).value(), record);
  record.kind = TokenKind::code;
  record.is_spent = true;
  record.secret = {};
  const std::string code = "01" "04" + head + "01" "0000000000000004";
  EXPECT_EQ(to_hex(encode(record)), code);
  EXPECT_EQ(decode_TokenRecord(*from_hex(code)).value(), record);
  for (const char* kind : {"00", "05"}) EXPECT_FALSE(decode_TokenRecord(*from_hex(std::string("01") + kind + head + "01" "0000000000000004")).ok());
  EXPECT_FALSE(decode_TokenRecord(*from_hex("01" "04" "07" "06" "10" + head.substr(6) + "01" "0000000000000004")).ok()) << "a fifth scope";
}

TEST(Records, AnAppPasswordBeforeThereWereScopesOpensAllThatItDid) {
  const AppPasswordRecord record{"phone", from_millis(1), "x", {Scope::mail, Scope::send, Scope::contacts}};
  const std::string before = "01" "0570686f6e65" "0000000000000001" "0178";
  EXPECT_EQ(decode_AppPasswordRecord(*from_hex(before)).value(), record);
  EXPECT_EQ(to_hex(encode(record)), before + "07");
  EXPECT_EQ(decode_AppPasswordRecord(*from_hex(before + "07")).value(), record);
  EXPECT_EQ(decode_AppPasswordRecord(*from_hex(before + "01")).value().scopes, Scopes{Scope::mail});
  EXPECT_FALSE(decode_AppPasswordRecord(*from_hex(before + "10")).ok());
}

TEST(Scopes, HaveTheNamesOfCommandsAndOfOAuth) {
  for (const Scope scope : kScopes) EXPECT_EQ(scope_from(name_of(scope)), scope);
  EXPECT_EQ(scope_from("everything"), std::nullopt);
  EXPECT_EQ(names_of(Scopes::of_app_password()), (std::vector<std::string_view>{"mail", "send", "contacts"}));
  EXPECT_EQ(scopes_of_oauth("urn:ietf:params:oauth:scope:mail"), (Scopes{Scope::mail, Scope::send}));
  EXPECT_EQ(scopes_of_oauth("mail"), std::nullopt);
  EXPECT_EQ(oauth_names_of({Scope::mail, Scope::contacts}), (std::vector<std::string_view>{"urn:ietf:params:oauth:scope:contacts"}));
  EXPECT_EQ(oauth_names_of(Scopes::all()).size(), 3u);
  EXPECT_FALSE(Scopes::of_app_password().contains(Scope::settings));
}

}  // namespace
}  // namespace telepost::schema
