#include "adapters/smtp/authentication/public_suffix.h"

#include <idn2.h>
#include <libpsl.h>

#include <memory>

#include "adapters/smtp/authentication/dns_answers.h"
#include "base/assert.h"

namespace telepost::adapters::smtp::authentication {
namespace {

// Read once: the newer of the file in /usr/share/publicsuffix and of what the library was built with.
const psl_ctx_t* list() {
  static const psl_ctx_t* const latest = psl_latest(nullptr);
  TELEPOST_ASSERT(latest != nullptr);
  return latest;
}

}  // namespace

std::optional<std::string> organizational_domain(std::string_view domain) {
  const std::optional<std::string> name = dns_name(domain);
  if (!name) return std::nullopt;
  const char* const registrable = psl_registrable_domain(list(), name->c_str());
  return registrable != nullptr ? std::string(registrable) : *name;
}

std::optional<std::string> to_a_labels(std::string_view domain) {
  const std::string terminated(domain);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  char* ascii = nullptr;
  if (idn2_to_ascii_8z(terminated.c_str(), &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK) return std::nullopt;
  const std::unique_ptr<char, void (*)(void*)> owner(ascii, idn2_free);
  return std::string(ascii);
}

}  // namespace telepost::adapters::smtp::authentication
