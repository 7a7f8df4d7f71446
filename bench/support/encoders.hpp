// BERT-shaped encoders, each a model with weights of one kind on one backend. The type of either is
// gone here, so that the programs that time them need not compile them each anew.
#pragma once

#include "backends.hpp"

#include <reckon/models/bert/model.hpp>
#include <reckon/ops/kernel_table.hpp>

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace bench {

/// bert-base and minilm are of that shape with random weights (and few words: a table gives a row a
/// token, however long it is); another name is a Hugging Face folder.
shared_model<reckon::bert::model<>> encoder_model(const std::string& name);
reckon::bert::config encoder_size(const std::string& name);

/// Ids of texts of these lengths.
class texts {
  public:
    texts(const std::vector<reckon::idx>& lengths, reckon::idx vocabulary);
    reckon::id_batch<> look() const { return reckon::batch_of(ids_, offsets_); }

  private:
    std::vector<std::int32_t> ids_, offsets_{0};
};

/// Operations of one forward: the linear layers and the two products of attention.
double flops(const reckon::bert::config& size, const std::vector<reckon::idx>& lengths);

struct encoder {
    std::string backend, weights;
    std::span<const reckon::kernel_row> kernels;
    /// The hidden rows [tokens, width] go to `out`, unless it is null.
    std::function<void(const reckon::id_batch<>&, float* out)> forward;
};

/// A model that the caller gives away is freed as the last of them is made.
std::vector<encoder> encoders(shared_model<reckon::bert::model<>> model, reckon::isa set,
                              const std::vector<std::string>& backends,
                              const std::vector<std::string>& weights, reckon::idx threads);

}  // namespace bench
