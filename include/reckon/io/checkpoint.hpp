// The tensors of a Hugging Face folder: model.safetensors, or the shards that
// model.safetensors.index.json lists, as if they were one file.
#pragma once

#include <reckon/io/json.hpp>
#include <reckon/io/safetensors.hpp>

#include <algorithm>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reckon { inline namespace v0 { inline namespace RECKON_ISA {

class checkpoint {
  public:
    static checkpoint open(const std::string& folder) {
        const std::string whole = folder + "/model.safetensors", index = whole + ".index.json";
        checkpoint made;
        if (std::filesystem::exists(whole) || !std::filesystem::exists(index)) {
            made.name_ = whole;
            made.add(safetensors::open(whole));
        } else {
            made.name_ = index;
            made.add_shards(folder, json_object::read(index).child("weight_map").texts());
        }
        return made;
    }

    /// Sorted by name.
    std::span<const stored_tensor> tensors() const { return tensors_; }
    const std::string& name() const { return name_; }
    /// Null where there is none.
    const stored_tensor* find(std::string_view tensor) const {
        return find_tensor(tensors_, tensor);
    }
    /// As of a file (io/safetensors.hpp).
    void let_go(const stored_tensor& tensor) const {
        for (const safetensors& shard : shards_) shard.let_go(tensor);
    }

  private:
    checkpoint() = default;

    void add(safetensors shard) {
        for (const stored_tensor& tensor : shard.tensors()) tensors_.push_back(tensor);
        shards_.push_back(std::move(shard));
    }

    /// Each shard holds the tensors that the index places there, and no other. `places` is sorted.
    void add_shards(const std::string& folder,
                    const std::vector<std::pair<std::string, std::string>>& places) {
        if (places.empty()) refuse("weight_map", "tensors", "none");
        std::vector<std::string> files;
        for (const auto& [tensor, file] : places) {
            if (file.empty() || file.find('/') != file.npos)
                refuse(tensor, "a file beside the index", in_quotes(file));
            files.push_back(file);
        }
        std::sort(files.begin(), files.end());
        files.erase(std::unique(files.begin(), files.end()), files.end());
        for (const std::string& file : files) add(safetensors::open(folder + '/' + file));
        std::sort(tensors_.begin(), tensors_.end(),
                  [](const stored_tensor& a, const stored_tensor& b) { return a.name < b.name; });

        for (idx i = 1; i < tensors_.size(); ++i)
            if (tensors_[i].name == tensors_[i - 1].name)
                refuse(tensors_[i].name, "one tensor", "one in each of two shards");
        for (const auto& [tensor, file] : places) {
            const auto shard = std::lower_bound(files.begin(), files.end(), file) - files.begin();
            if (shards_[idx(shard)].find(tensor) == nullptr)
                refuse(tensor, "a tensor of " + in_quotes(file), "none of that name");
        }
        for (idx i = 0; i < tensors_.size(); ++i)  // both lists are sorted
            if (i == places.size() || tensors_[i].name != places[i].first)
                refuse(tensors_[i].name, "a place in the index", "none");
    }

    [[noreturn]] void refuse(const std::string& tensor, const std::string& expected,
                             const std::string& actual) const {
        throw load_error("checkpoint", name_ + ": " + in_quotes(tensor), expected, actual);
    }

    std::string name_;
    std::vector<safetensors> shards_;
    std::vector<stored_tensor> tensors_;
};

}}}  // namespace reckon::v0::RECKON_ISA
