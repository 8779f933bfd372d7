// Package common stands in for a cloud SDK module that the Go proxy does not serve; flanneld's
// tencent-vpc backend imports it. Only what that backend names is here.
package common

func StringPtr(s string) *string { return &s }
func BoolPtr(b bool) *bool       { return &b }

func StringPtrs(values []string) []*string {
	pointers := make([]*string, len(values))
	for i := range values {
		pointers[i] = &values[i]
	}
	return pointers
}
