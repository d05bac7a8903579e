#include "schema/annotation.h"

#include "schema/document_builder.h"
#include "schema/xml/writer.h"

namespace telepost::schema {

std::string write_annotation(const Annotation& annotation) {
  std::string out;
  out.reserve(512 + annotation.text.size());
  xml::Writer writer(out);
  writer.open("annotation").plain_attribute("xmlns", kMessageNamespace);
  writer.plain_attribute("message", to_string(annotation.message));
  writer.plain_attribute("created", to_rfc3339(annotation.created)).attribute("type", annotation.type);
  writer.attribute_unless_empty("language", annotation.language);
  writer.attribute_unless_empty("source", annotation.source).text(annotation.text).close();
  return out;
}

Result<Annotation> read_annotation(std::string_view xml) {
  AnnotationBuilder builder;
  TELEPOST_TRY(xml::parse(xml, document_limits(), builder));
  return std::move(builder).take();
}

}  // namespace telepost::schema
