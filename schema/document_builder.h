// Builds a Document, or an Annotation, from XML events: the reading half of document, annotation and export.
// Strict: an element or attribute that message.xsd does not know, or out of its order, is invalid.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/message.h"
#include "schema/xml/reader.h"

namespace telepost::schema {

inline constexpr std::string_view kMessageNamespace = "urn:telepost:message:1";

xml::Limits document_limits();

// What a builder may hold, counted while events come, since an export as a whole has a far higher limit.
class Budget {
 public:
  Result<void> spend(const xml::Element& element);
  Result<void> spend(std::string_view text);

 private:
  std::size_t elements_ = 0;
  std::size_t bytes_ = 0;
};

class DocumentBuilder final : public xml::Handler {
 public:
  Result<void> start(const xml::Element& element) override;
  Result<void> text(std::string_view utf8) override;
  Result<void> end() override;
  bool done() const { return done_; }
  Document take() && { return std::move(document_); }  // precondition: done()

 private:
  enum class Place : unsigned char {
    document,
    envelope,
    to,
    origin,
    subject,
    preview,
    header,
    field,
    part,
    facts,
    defects,
    defect
  };

  Result<Place> enter(const xml::Element& element);
  Result<Place> enter_document(const xml::Element& element);
  Result<Place> in_order(unsigned rank, Place place);
  void read_head(xml::Attributes& attributes);
  Result<void> read_part(xml::Attributes& attributes);
  void read_facts(std::string_view name, xml::Attributes& attributes);
  Result<void> read(Place place, const xml::Element& element);
  void store_text();

  Document document_;
  Budget budget_;
  std::vector<Place> open_;
  std::vector<Part*> parts_;  // those that are open, outermost first
  unsigned seen_ = 0;         // bit n: the document's child of rank n
  bool done_ = false;
  std::string text_;
  std::optional<std::string> exact_text_;
};

class AnnotationBuilder final : public xml::Handler {
 public:
  Result<void> start(const xml::Element& element) override;
  Result<void> text(std::string_view utf8) override;
  Result<void> end() override;
  bool done() const { return done_; }
  Annotation take() && { return std::move(annotation_); }  // precondition: done()

 private:
  Annotation annotation_;
  Budget budget_;
  bool started_ = false;
  bool done_ = false;
  std::string text_;
  std::optional<std::string> exact_text_;
};

// Attributes of message.xsd's own types; each fails the whole when it is malformed.
Time take_time(xml::Attributes& attributes, std::string_view name);
Digest take_digest(xml::Attributes& attributes, std::string_view name);
MessageId take_message_id(xml::Attributes& attributes, std::string_view name);
std::uint32_t take_u32(xml::Attributes& attributes, std::string_view name);

}  // namespace telepost::schema
