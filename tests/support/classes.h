// Classes of service as their XML, for tests.
#pragma once

#include <string>

#include "base/assert.h"
#include "schema/class_of_service.h"
#include "schema/effective_class.h"

namespace telepost::test {

// "<class name='gold'>…</class>…" and what surrounds it in a file.
inline std::string policies_of(const std::string& classes) {
  return "<policies xmlns=\"urn:telepost:policy:1\">" + classes + "</policies>";
}

// Classes that are sound.
inline schema::ClassSet classes_of(const std::string& classes) {
  schema::ClassSet set;
  const Result<void> read = schema::read_classes(policies_of(classes), "test.xml", set);
  TELEPOST_ASSERT(read.ok());
  return set;
}

// What holds for an account of one class in no range.
inline schema::EffectiveClass effective_of(const std::string& classes, std::string_view name = "standard") {
  return schema::resolve(classes_of(classes), {nullptr, name, ""});
}

}  // namespace telepost::test
