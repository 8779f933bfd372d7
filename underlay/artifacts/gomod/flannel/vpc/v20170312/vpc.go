// Package v20170312 stands in for a cloud SDK module that the Go proxy does not serve: every call
// fails, so that flanneld's tencent-vpc backend says so and all its other backends work.
package v20170312

import "errors"

type Filter struct {
	Name   *string
	Values []*string
}

type Route struct {
	DestinationCidrBlock, GatewayType, GatewayId, RouteDescription *string
	RouteItemId, DestinationIpv6CidrBlock, RouteType               *string
	Enabled                                                        *bool
	RouteId                                                        *uint64
}

type RouteTable struct {
	RouteTableId *string
	RouteSet     []*Route
}

type body struct{ RouteTableSet []*RouteTable }

type Response struct{ Response *body }

type DescribeRouteTablesRequest struct{ Filters []*Filter }

type DeleteRoutesRequest struct {
	RouteTableId *string
	Routes       []*Route
}

type CreateRoutesRequest struct {
	RouteTableId *string
	Routes       []*Route
}

type Client struct{}

var errAbsent = errors.New("tencent-vpc: not built in")

func NewClientWithSecretId(id, key, region string) (*Client, error) { return &Client{}, errAbsent }
func NewDescribeRouteTablesRequest() *DescribeRouteTablesRequest {
	return &DescribeRouteTablesRequest{}
}
func NewDeleteRoutesRequest() *DeleteRoutesRequest { return &DeleteRoutesRequest{} }
func NewCreateRoutesRequest() *CreateRoutesRequest { return &CreateRoutesRequest{} }

func (*Client) DescribeRouteTables(*DescribeRouteTablesRequest) (*Response, error) {
	return nil, errAbsent
}
func (*Client) DeleteRoutes(*DeleteRoutesRequest) (*Response, error) { return nil, errAbsent }
func (*Client) CreateRoutes(*CreateRoutesRequest) (*Response, error) { return nil, errAbsent }
