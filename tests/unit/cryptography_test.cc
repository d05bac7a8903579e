// HMAC, PBKDF2 and AES-256-GCM against published vectors.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/hmac.h"
#include "base/sealed_box.h"

namespace telepost {
namespace {

std::string bytes(std::string_view hex) { return from_hex(hex).value(); }

// RFC 4231 sections 4.2 and 4.3
TEST(Hmac, GivesWhatRfc4231Says) {
  EXPECT_EQ(to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

// RFC 7914 section 11, its first 32 bytes
TEST(Pbkdf2, GivesWhatRfc7914Says) {
  EXPECT_EQ(to_hex(pbkdf2_sha256("passwd", "salt", 1)), "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
  EXPECT_EQ(to_hex(pbkdf2_sha256("Password", "NaCl", 80000)), "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56");
}

TEST(EqualInConstantTime, ComparesLengthAndBytes) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
}

// Test case 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega), in the order of a box.
TEST(SealedBox, OpensThePublishedVector) {
  const Digest key = digest_from_bytes(bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"));
  const std::string box = bytes("cafebabefacedbaddecaf888"
                                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                                "76fc6ece0f4e1768cddf8853bb2d551b");
  const auto opened = open_sealed(key, bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2"), box);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(to_hex(*opened), "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
}

TEST(SealedBox, OpensWithItsKeyAndContextAlone) {
  SystemRandom random;
  const Digest key = sha256("key");
  const std::string box = seal(key, "account/phone", "secret", random);
  EXPECT_EQ(open_sealed(key, "account/phone", box).value(), "secret");
  EXPECT_NE(seal(key, "account/phone", "secret", random), box);
  EXPECT_EQ(open_sealed(sha256("other"), "account/phone", box).error().kind, Errc::denied);
  EXPECT_EQ(open_sealed(key, "account/tablet", box).error().kind, Errc::denied);
  for (std::size_t i = 0; i < box.size(); ++i) {
    std::string changed = box;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(open_sealed(key, "account/phone", changed).ok()) << i;
    EXPECT_FALSE(open_sealed(key, "account/phone", box.substr(0, i)).ok()) << i;
  }
}

}  // namespace
}  // namespace telepost
