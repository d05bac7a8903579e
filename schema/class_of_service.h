// Classes of service: the named bundles of policies that domains, number ranges and accounts refer to, read
// from XML (schema/policy.xsd, namespace urn:telepost:policy:1).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "schema/message.h"

namespace telepost::schema {

// What a class says of one kind; empty means without limit.
struct KindRule {
  bool allow = true;
  std::optional<std::uint64_t> max_size_bytes;  // of the whole source
  std::optional<Duration> retention;            // from arrival to removal
  bool operator==(const KindRule&) const = default;
};

struct ClassOfService {
  std::string name;
  std::optional<std::uint64_t> quota_bytes;  // of all sources of an account
  std::optional<std::uint64_t> quota_messages;
  std::array<KindRule, 8> kinds;  // by Kind, from email

  const KindRule& rule(Kind kind) const { return kinds[static_cast<std::size_t>(kind) - 1]; }
  KindRule& rule(Kind kind) { return kinds[static_cast<std::size_t>(kind) - 1]; }
  bool operator==(const ClassOfService&) const = default;
};

inline constexpr std::string_view kStandardClass =
    "standard";  // built in, without limits, unless a file defines it

// Immutable once made; share it by shared_ptr<const ClassSet> and swap that on reload.
class ClassSet {
 public:
  ClassSet();                                // the built-in class alone
  Result<void> add(ClassOfService service);  // exists: the name is taken by another file's class
  const ClassOfService* find(std::string_view name) const;
  const ClassOfService& standard() const;
  const std::map<std::string, ClassOfService, std::less<>>& all() const { return classes_; }

 private:
  std::map<std::string, ClassOfService, std::less<>> classes_;
  bool standard_is_built_in_ = true;
};

// One file's classes into the set, which an error leaves unusable. `name` stands in errors: "gold.xml: line
// 3, column 7: …".
Result<void> read_classes(std::string_view xml, std::string_view name, ClassSet& into);

// Every *.xml of the folder, by name; "" is the built-in class alone. An error (not_found, io, invalid,
// too_large, exists) leaves whatever set the caller had in force.
Result<ClassSet> load_classes(const std::string& folder);

}  // namespace telepost::schema
