// Package errors stands in for a cloud SDK module that the Go proxy does not serve.
package errors

type TencentCloudSDKError struct{ Code, Message, RequestId string }

func (e *TencentCloudSDKError) Error() string { return e.Message }
