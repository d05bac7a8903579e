// The events of schema/policy.xsd as classes of service. Inside of schema/; others call schema/class_of_service.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/class_of_service.h"
#include "schema/xml/reader.h"

namespace telepost::schema {

// The grammar has checked shape and spelling when an element comes here: this takes the values.
class ClassReader final : public xml::Handler {
 public:
  explicit ClassReader(std::string_view file) : file_(file) {}
  Result<void> start(const xml::Element& element) override;
  Result<void> text(std::string_view) override { return {}; }
  Result<void> end() override { return {}; }
  // In the order of the file. <settings> is one that is called kSubscriberLayer.
  std::vector<ClassOfService>& classes() { return classes_; }

 private:
  Result<void> start_layer(std::string name, const xml::Element& element);
  Result<void> read_settings(const xml::Element& element, xml::Attributes& attributes);
  Result<void> read_rule(const xml::Element& element, xml::Attributes& attributes);
  Result<void> read_when(xml::Attributes& attributes);
  template <typename R>
  R& add(std::vector<R>& list, const xml::Element& element, xml::Attributes& attributes);
  std::string place(const xml::Element& element) const;

  const std::string file_;
  std::vector<ClassOfService> classes_;
  std::vector<When>* whens_ = nullptr;  // of the rule that was read last
  unsigned kinds_seen_ = 0;             // of the layer, bits by Kind
};

}  // namespace telepost::schema
